package main

// ANCHOR: sum
// Sum adds, and wraps.
func Sum(a, b int8) int8 {
	return a + b
}

// ANCHOR_END: sum
