package register

// Cursor reads a cursor in each of the ways that there are.
func Cursor(text string) error {
	if _, err := offsetOf(text); err != nil {
		return err
	}
	_, _, err := pageOf(nil, text, 1)
	return err
}
