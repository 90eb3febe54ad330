package cli

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrHelp says that the command line asks for help.
var ErrHelp = errors.New("help was asked for")

// Options are what a command understands, by name without the two hyphens.
//
// Package flag stops at the first word that is no flag; here options may follow operands, and a
// negative number is an operand.
type Options map[string]Option

// An Option takes the word that follows its name, or none.
type Option struct {
	take  func(value string) error
	alone bool
}

// Parse hands every option's value on, and gives the words that are operands.
func (o Options) Parse(command string, words []string) (operands []string, err error) {
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		switch {
		case word == "--":
			return append(operands, words...), nil
		case word == "--help" || word == "-h":
			return nil, ErrHelp
		case !isOption(word):
			operands = append(operands, word)
			continue
		}

		name, value, joined := strings.Cut(word, "=")
		option, known := o[strings.TrimPrefix(name, "--")]
		switch {
		case !known:
			return nil, fmt.Errorf("%s has no option %s", command, name)
		case option.alone && joined:
			return nil, fmt.Errorf("%s takes no value", name)
		case !option.alone && !joined && len(words) == 0:
			return nil, fmt.Errorf("%s needs a value", name)
		case !option.alone && !joined:
			value, words = words[0], words[1:]
		}
		if err := option.take(value); err != nil {
			return nil, fmt.Errorf("%s %q %w", name, value, err)
		}
	}
	return operands, nil
}

func isOption(word string) bool {
	return len(word) > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9')
}

// Switch is an option without a value.
func Switch(on *bool) Option {
	return Option{alone: true, take: func(string) error {
		*on = true
		return nil
	}}
}

// Text is an option whose value is anything that a proto3 string may be.
func Text(text *string) Option {
	return Option{take: func(value string) error {
		if !utf8.ValidString(value) {
			return errors.New("is not UTF-8")
		}
		*text = value
		return nil
	}}
}

// Path is an option whose value names a file or a folder, which need not be UTF-8.
func Path(path *string) Option {
	return Option{take: func(value string) error {
		*path = value
		return nil
	}}
}

// Address is an option that says where to listen.
func Address(address *string) Option {
	return Option{take: func(value string) error {
		if _, err := netip.ParseAddrPort(value); err != nil {
			return errors.New("is not an address such as 127.0.0.1:50051")
		}
		*address = value
		return nil
	}}
}

// Server is an option that says which server to ask.
func Server(server *url.URL) Option {
	return Option{take: func(value string) error {
		parsed, err := url.Parse(value)
		if err != nil || parsed.Scheme != "http" || parsed.Port() == "" {
			return errors.New("is not a URL such as http://127.0.0.1:50051")
		}
		*server = *parsed
		return nil
	}}
}

// Seconds is an option whose value is a time of up to a day, in seconds and fractions of them.
func Seconds(duration *time.Duration) Option {
	const day = 24 * 60 * 60
	return Option{take: func(value string) error {
		seconds, err := strconv.ParseFloat(value, 64)
		// Written so that NaN is refused as well.
		if err != nil || !(seconds >= 0 && seconds <= day) {
			return errors.New("is not a number of seconds, from 0 to a day")
		}
		*duration = time.Duration(seconds * float64(time.Second))
		return nil
	}}
}

// Size is an option whose value is a number of bytes, or of a larger unit.
func Size(size *uint64) Option {
	units := map[string]uint{"": 0, "KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40, "PiB": 50}
	return Option{take: func(value string) error {
		number := strings.TrimRight(value, "KMGTPiB")
		shift, known := units[value[len(number):]]
		count, err := strconv.ParseUint(number, 10, 64)
		if err != nil || !known || count > math.MaxUint64>>shift {
			return errors.New("is not a number of bytes, such as 4096, or of KiB, MiB, GiB, TiB or PiB")
		}
		*size = count << shift
		return nil
	}}
}

// Count is an option whose value is a whole number, 1 or more.
func Count(count *uint32) Option {
	return Option{take: func(value string) error {
		number, err := strconv.ParseUint(value, 10, 32)
		if err != nil || number == 0 {
			return errors.New("is not a whole number, 1 or more")
		}
		*count = uint32(number)
		return nil
	}}
}

// Duration is an option whose value is a time of up to a day, with its unit.
func Duration(duration *time.Duration) Option {
	units := map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute}
	return Option{take: func(value string) error {
		number := strings.TrimRight(value, "ms")
		unit, known := units[value[len(number):]]
		count, err := strconv.ParseUint(number, 10, 32)
		// So many of the largest unit do not overflow.
		if err != nil || !known || time.Duration(count)*unit > 24*time.Hour {
			return errors.New("is not a time of a day or less, such as 50ms, 10s or 5m")
		}
		*duration = time.Duration(count) * unit
		return nil
	}}
}

// DefaultAddress is where a server listens that is not told, and where a client looks for it.
const DefaultAddress = "127.0.0.1:50051"

// DefaultServer is the server that a client asks which is not told.
func DefaultServer() url.URL {
	return url.URL{Scheme: "http", Host: DefaultAddress}
}
