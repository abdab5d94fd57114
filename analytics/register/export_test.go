package register

import "encoding/json"

// Cursor reads a cursor in each of the ways that there are.
func Cursor(text string) error {
	if _, err := offsetOf(text); err != nil {
		return err
	}
	_, _, err := pageOf(nil, text, 1)
	return err
}

// Attested gives an attestation as it is given.
func (r *Register) Attested(a Attestation) (document []byte, signed string, err error) {
	if signed, err = r.sign(a); err != nil {
		return nil, "", err
	}
	document, err = json.Marshal(attested{a, signed, fingerprint(signed)})
	return document, signed, err
}

// Why a text is not a valid attestation.
var (
	ErrNoAttestation = errNoAttestation
	ErrForged        = errForged
	ErrReadable      = errReadable
)
