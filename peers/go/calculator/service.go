package main

import (
	"context"
	"math"
	"math/bits"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	calculatorv1 "course.example/peers/gen/calculator/v1"
)

// calculator answers CalculatorService. One of it serves every call on every connection, and
// every call runs on a goroutine of its own, so whatever it remembers is shared.
// ANCHOR: state
type calculator struct {
	// Embedded by value: a method that is added to the contract answers UNIMPLEMENTED until it
	// is written, and a forgotten pointer cannot be nil.
	calculatorv1.UnimplementedCalculatorServiceServer

	constants constants

	mutex sync.Mutex
	known map[string]int64 // the constants that were looked up before; guarded by mutex
}

// ANCHOR_END: state

func newCalculator(constants constants) *calculator {
	return &calculator{constants: constants, known: make(map[string]int64)}
}

// ANCHOR: add
func (c *calculator) Add(
	_ context.Context, request *calculatorv1.AddRequest,
) (*calculatorv1.AddResponse, error) {
	result, err := workOut(calculatorv1.Operator_OPERATOR_ADD, request.GetA(), request.GetB())
	if err != nil {
		return nil, err
	}
	return &calculatorv1.AddResponse{Result: result}, nil
}

// ANCHOR_END: add

func (c *calculator) Subtract(
	_ context.Context, request *calculatorv1.SubtractRequest,
) (*calculatorv1.SubtractResponse, error) {
	result, err := workOut(calculatorv1.Operator_OPERATOR_SUBTRACT, request.GetA(), request.GetB())
	if err != nil {
		return nil, err
	}
	return &calculatorv1.SubtractResponse{Result: result}, nil
}

func (c *calculator) Multiply(
	_ context.Context, request *calculatorv1.MultiplyRequest,
) (*calculatorv1.MultiplyResponse, error) {
	result, err := workOut(calculatorv1.Operator_OPERATOR_MULTIPLY, request.GetA(), request.GetB())
	if err != nil {
		return nil, err
	}
	return &calculatorv1.MultiplyResponse{Result: result}, nil
}

func (c *calculator) Divide(
	_ context.Context, request *calculatorv1.DivideRequest,
) (*calculatorv1.DivideResponse, error) {
	result, err := workOut(calculatorv1.Operator_OPERATOR_DIVIDE, request.GetA(), request.GetB())
	if err != nil {
		return nil, err
	}
	return &calculatorv1.DivideResponse{Result: result}, nil
}

func (c *calculator) Evaluate(
	ctx context.Context, request *calculatorv1.EvaluateRequest,
) (*calculatorv1.EvaluateResponse, error) {
	result, err := c.valueOf(ctx, request.GetExpression())
	if err != nil {
		return nil, err
	}
	return &calculatorv1.EvaluateResponse{Result: result}, nil
}

// valueOf answers the value of an expression: a number is its own value, an operation is worked
// out from the values of its two sides.
// ANCHOR: value_of
func (c *calculator) valueOf(ctx context.Context, expression *calculatorv1.Expression) (int64, error) {
	switch kind := expression.GetKind().(type) {
	case *calculatorv1.Expression_Number:
		return kind.Number, nil
	case *calculatorv1.Expression_Constant:
		return c.constant(ctx, kind.Constant)
	case *calculatorv1.Expression_Operation:
		left, err := c.valueOf(ctx, kind.Operation.GetLeft())
		if err != nil {
			return 0, err
		}
		right, err := c.valueOf(ctx, kind.Operation.GetRight())
		if err != nil {
			return 0, err
		}
		return workOut(kind.Operation.GetOperator(), left, right)
	default:
		return 0, status.Error(codes.InvalidArgument, "an expression is not set")
	}
}

// ANCHOR_END: value_of

// constant answers the value of a constant, looked up once and then remembered.
// ANCHOR: shared_state
func (c *calculator) constant(ctx context.Context, name string) (int64, error) {
	c.mutex.Lock()
	value, known := c.known[name]
	c.mutex.Unlock()
	if known {
		return value, nil
	}

	// No lock here: whoever waits for a slow look-up would make everybody else wait too. The
	// context ends with the call, so a caller that leaves ends the look-up.
	value, found, err := c.constants.lookUp(ctx, name)
	if err != nil {
		return 0, status.FromContextError(err).Err()
	}
	if !found {
		return 0, status.Errorf(codes.NotFound, "there is no constant named %q", name)
	}

	// Only constants that exist are remembered, so the map is no larger than the table.
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.known[name] = value
	return value, nil
}

// ANCHOR_END: shared_state

// workOut answers the exact result of an operation, or why there is none.
// ANCHOR: errors
func workOut(operator calculatorv1.Operator, a, b int64) (int64, error) {
	var (
		result int64
		exact  bool
		sign   rune
	)
	switch operator {
	case calculatorv1.Operator_OPERATOR_ADD:
		sign = '+'
		result, exact = checkedAdd(a, b)
	case calculatorv1.Operator_OPERATOR_SUBTRACT:
		sign = '-'
		result, exact = checkedSubtract(a, b)
	case calculatorv1.Operator_OPERATOR_MULTIPLY:
		sign = '*'
		result, exact = checkedMultiply(a, b)
	case calculatorv1.Operator_OPERATOR_DIVIDE:
		if b == 0 {
			return 0, status.Errorf(codes.InvalidArgument, "cannot divide %d by zero", a)
		}
		sign = '/'
		// The smallest int64 divided by -1 is one more than the largest. Go wraps it silently.
		result, exact = a/b, a != math.MinInt64 || b != -1
	case calculatorv1.Operator_OPERATOR_UNSPECIFIED:
		return 0, status.Error(codes.InvalidArgument, "the operator is not set")
	default:
		return 0, status.Errorf(codes.InvalidArgument, "operator %d is not known", operator)
	}
	if !exact {
		return 0, status.Errorf(codes.OutOfRange, "the result of %d %c %d does not fit in 64 bits", a, sign, b)
	}
	return result, nil
}

// ANCHOR_END: errors

// Go's int64 wraps, and nothing in the language says so when it does.
// ANCHOR: checked
func checkedAdd(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0)
}

func checkedSubtract(a, b int64) (int64, bool) {
	difference := a - b
	return difference, (difference < a) == (b > 0)
}

func checkedMultiply(a, b int64) (int64, bool) {
	high, low := bits.Mul64(magnitude(a), magnitude(b))
	if negative := (a < 0) != (b < 0); negative {
		// -low is right for every magnitude up to 2^63, the smallest int64 included.
		return -int64(low), high == 0 && low <= 1<<63
	}
	return int64(low), high == 0 && low <= math.MaxInt64
}

func magnitude(a int64) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

// ANCHOR_END: checked
