package register

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"
)

// maxSigned bounds the signed text of an attestation, in bytes: titles have 512 and ids 128. maxGiven bounds what it is looked
// for in: the JSON says everything twice.
const (
	maxSigned = 8 << 10
	maxGiven  = 16 << 10
)

// Why a text is not a valid attestation.
var (
	errNoAttestation = errors.New("not an attestation")
	errForged        = errors.New("not signed here, or changed since")
	errReadable      = errors.New("the readable part is not what was signed")
)

// Verify reads an attestation that was signed here, and the text that was: given is that text, where spaces and line ends, as a
// copy from paper has, do not count; or the whole JSON that attestations are given as, all of which must then agree with it.
func (r *Register) Verify(given string) (a Attestation, signed string, err error) {
	given = strings.TrimSpace(strings.TrimPrefix(given, "\ufeff"))
	if len(given) > maxGiven {
		return a, "", errNoAttestation
	}
	document := strings.HasPrefix(given, "{")
	if signed = squeezed(given); document {
		var whole struct {
			Signed string `json:"signed"`
		}
		if json.Unmarshal([]byte(given), &whole) != nil {
			return a, "", errNoAttestation
		}
		signed = squeezed(whole.Signed)
	}
	if !isSigned(signed) {
		return a, "", errNoAttestation
	}
	payload, err := jws.Verify([]byte(signed), jws.WithKey(jwa.EdDSA(), public(r.key)))
	if err != nil {
		return a, "", fmt.Errorf("%w: %w", errForged, err)
	}
	if err := json.Unmarshal(payload, &a); err != nil || a.Issuer != issuer {
		return Attestation{}, "", errForged
	}
	if document && !agrees(given, signed, payload) {
		return Attestation{}, "", errReadable
	}
	return a, signed, nil
}

// isSigned says whether a text has the shape of what is signed here, whoever signed it.
func isSigned(text string) bool {
	if len(text) > maxSigned || strings.Count(text, ".") != 2 {
		return false
	}
	message, err := jws.Parse([]byte(text), jws.WithCompact())
	if err != nil || len(message.Signatures()) != 1 {
		return false
	}
	kind, _ := message.Signatures()[0].ProtectedHeaders().Type()
	return kind == typeSigned
}

// agrees says whether all that people can read in the JSON of an attestation is what was signed: nothing is added, left out or
// said twice. The order of names and how it is set out do not count.
func agrees(given, signed string, payload []byte) bool {
	document, err := valueOf([]byte(given))
	if err != nil {
		return false
	}
	said, err := valueOf(payload)
	if err != nil {
		return false
	}
	whole, _ := document.(map[string]any)
	text, _ := whole["signed"].(string)
	return reflect.DeepEqual(document, map[string]any{"attestation": said, "signed": text, "code": fingerprint(signed)})
}

// valueOf reads one JSON value as encoding/json does, numbers as they are written; a name that an object has twice is an error,
// since one reader would see the first and another the last.
func valueOf(text []byte) (any, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	value, err := nextValue(in)
	if err != nil {
		return nil, err
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errNoAttestation
	}
	return value, nil
}

func nextValue(in *json.Decoder) (any, error) {
	token, err := in.Token()
	if err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	switch token {
	case json.Delim('{'):
		object := map[string]any{}
		for in.More() {
			name, err := in.Token()
			if err != nil {
				return nil, fmt.Errorf("read JSON: %w", err)
			}
			key, _ := name.(string)
			if _, twice := object[key]; twice {
				return nil, errReadable
			}
			if object[key], err = nextValue(in); err != nil {
				return nil, err
			}
		}
		_, err = in.Token()
		return object, err //nolint:wrapcheck // never told
	case json.Delim('['):
		list := []any{}
		for in.More() {
			one, err := nextValue(in)
			if err != nil {
				return nil, err
			}
			list = append(list, one)
		}
		_, err = in.Token()
		return list, err //nolint:wrapcheck // never told
	}
	return token, nil
}

// verified is the body of a request to verify: {"attestation": TEXT}, or an attestation's JSON as it is.
type verified string

// UnmarshalJSON keeps the text to verify.
func (v *verified) UnmarshalJSON(body []byte) error {
	var asked struct {
		Attestation json.RawMessage `json:"attestation"`
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		return fmt.Errorf("read what is to be verified: %w", err)
	}
	var text string
	if json.Unmarshal(asked.Attestation, &text) == nil {
		*v = verified(text)
	} else {
		*v = verified(body)
	}
	return nil
}

// Schema tells both; what is in the JSON of an attestation is for the verdict, not for a refusal.
func (verified) Schema(huma.Registry) *huma.Schema {
	longest := maxGiven
	text := &huma.Schema{Type: huma.TypeString}
	s := &huma.Schema{
		Type: huma.TypeObject, Required: []string{"attestation"}, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{
			"attestation": {
				Description: "Le texte signé, où espaces et retours à la ligne ne comptent pas, ou tout le JSON d'une attestation, en texte ; ou ce JSON lui-même, tel qu'il a été donné, avec « signed » et « code » / the signed text, in which spaces and line ends do not count, or the whole JSON of an attestation, as text; or that JSON itself, as it was given, with signed and code",
				OneOf:       []*huma.Schema{{Type: huma.TypeString, MaxLength: &longest}, {Type: huma.TypeObject, AdditionalProperties: true}},
			},
			"signed": text, "code": text,
		},
	}
	s.PrecomputeMessages()
	return s
}
