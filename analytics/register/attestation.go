package register

import (
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/filengine/fil"
)

// Kinds of attestation.
const (
	AttestsOne   = "acknowledgement" // what one agent did
	AttestsSheet = "sheet"           // the counts of a content
)

// Attestation is what is signed: all that there is to read in it is in it, and nothing else is trusted.
type Attestation struct {
	Kind      string    `json:"kind" enum:"acknowledgement,sheet" doc:"La prise de connaissance d'un agent, ou le bilan d'un contenu / what one agent did, or the counts of a content"`
	Content   string    `json:"content" doc:"Identifiant du contenu / id of the content"`
	Title     string    `json:"title" doc:"Son titre quand l'agent en a pris connaissance ; d'un bilan, à la date de l'attestation / its title when the agent acknowledged it; of a sheet, when it was attested"`
	Revision  string    `json:"revision,omitempty" doc:"SHA-256 du texte ; absent quand le texte d'alors n'est pas connu / SHA-256 of the text; absent when the text of then is not known"`
	RevisedAt time.Time `json:"revised_at,omitzero" doc:"Dernière modification de fond de ce texte / last change in substance of that text"`
	Deadline  time.Time `json:"deadline,omitzero" doc:"Date limite / deadline"`

	Agent          string    `json:"agent,omitempty" doc:"Identifiant de l'agent / the agent's id"`
	AcknowledgedAt time.Time `json:"acknowledged_at,omitzero" doc:"Quand l'agent a dit en avoir pris connaissance / when the agent said that they have read it"`
	By             string    `json:"by,omitempty" enum:"agent,service" doc:"L'agent, de son propre jeton, ou un service en son nom / the agent, with their own token, or a service on their behalf"`
	Witness        string    `json:"witness,omitempty" doc:"Clé du service / key of the service"`
	WitnessLabel   string    `json:"witness_label,omitempty" doc:"Nom de cette clé / name of that key"`
	InForce        bool      `json:"in_force" doc:"Ce texte était encore en vigueur à la date de l'attestation / that text was still in force when it was attested"`

	Counts   *Counts   `json:"counts,omitempty" doc:"Le bilan / the sheet"`
	IssuedAt time.Time `json:"issued_at" doc:"Date de l'attestation / when it was attested"`
	Issuer   string    `json:"issuer" doc:"Toujours « fil » / always \"fil\""`
}

const issuer = "fil"

// typeSigned is the type that the header of what is signed has, so that no other kind of token is taken for one.
const typeSigned = "fil-attestation+jws"

// keyOf derives the key that signs, so that what another secret would have to be kept for needs none, and one who knows it
// learns nothing of the secret.
func keyOf(secret []byte) (ed25519.PrivateKey, string, error) {
	seed, err := hkdf.Key(sha256.New, secret, nil, "fil: attestations of the register", ed25519.SeedSize)
	if err != nil {
		return nil, "", fmt.Errorf("derive the key of attestations: %w", err)
	}
	key := ed25519.NewKeyFromSeed(seed)
	sum := sha256.Sum256(public(key))
	return key, hex.EncodeToString(sum[:8]), nil
}

func public(key ed25519.PrivateKey) ed25519.PublicKey {
	return ed25519.PublicKey(key[ed25519.PrivateKeySize-ed25519.PublicKeySize:]) // as crypto/ed25519 lays it out (RFC 8032)
}

// sign writes an attestation as a compact JWS (RFC 7515) under Ed25519 (RFC 8037).
func (r *Register) sign(a Attestation) (string, error) {
	payload, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("encode an attestation: %w", err)
	}
	headers := jws.NewHeaders()
	if err := errors.Join(headers.Set(jws.KeyIDKey, r.kid), headers.Set(jws.TypeKey, typeSigned)); err != nil {
		return "", fmt.Errorf("name the key of an attestation: %w", err)
	}
	signed, err := jws.Sign(payload, jws.WithKey(jwa.EdDSA(), r.key, jws.WithProtectedHeaders(headers)))
	if err != nil {
		return "", fmt.Errorf("sign an attestation: %w", err)
	}
	return string(signed), nil
}

// fingerprint is what people compare by eye: the first 80 bits of the SHA-256 of what is signed, in groups of four.
func fingerprint(signed string) string {
	sum := sha256.Sum256([]byte(signed))
	text := strings.ToUpper(hex.EncodeToString(sum[:10]))
	var groups []string
	for i := 0; i < len(text); i += 4 {
		groups = append(groups, text[i:i+4])
	}
	return strings.Join(groups, "-")
}

// jwk is the public key (RFC 8037), for whoever verifies without us.
type jwk struct {
	Type  string `json:"kty"`
	Curve string `json:"crv"`
	X     string `json:"x"`
	ID    string `json:"kid"`
	Use   string `json:"use"`
	Alg   string `json:"alg"`
}

func (r *Register) publicKey() jwk {
	return jwk{"OKP", "Ed25519", base64.RawURLEncoding.EncodeToString(public(r.key)), r.kid, "sig", "EdDSA"}
}

// attestOne says what an agent did, to themself or to one entitled.
func (r *Register) attestOne(ctx context.Context, caller fil.Caller, id, agent string) (Attestation, error) {
	now := r.Now()
	own := caller.Role == fil.RoleAgent
	var e entry
	if !own { // an agent may have left those whom it is for since, and has a right to what they did
		var err error
		if e, err = r.find(ctx, caller, id); err != nil {
			return Attestation{}, err
		}
	}
	line, found, err := r.Book.Last(ctx, id, agent, r.horizon())
	if err != nil {
		return Attestation{}, err //nolint:wrapcheck // it says what was attempted
	}
	c, known := r.Contents.Content(id)
	switch {
	case known:
		e.Content = c
	case own:
		e = entry{fil.Content{ID: id, Perimeter: line.Perimeter}, Withdrawn}
	}
	if found && !own {
		_, state := r.place(caller, e, &line)
		found = state != ""
	}
	switch {
	case own && found:
		err = r.auditOwn(ctx, caller, e, line)
	case !own:
		lines := 0
		if found {
			lines = 1
		}
		err = r.audit(ctx, caller, e, Access{Act: AccessAttestation, Agent: agent, Lines: lines})
	}
	if err != nil {
		return Attestation{}, err
	}
	if !found {
		return Attestation{}, errNoLine
	}
	a := Attestation{
		Kind: AttestsOne, Content: id, Title: line.Title, Revision: line.Digest, RevisedAt: line.Revised, Deadline: line.Deadline,
		Agent: agent, AcknowledgedAt: line.Time, By: byOf(line.Witness), Witness: line.Witness, WitnessLabel: line.Label,
		InForce: known && !line.Time.Before(e.since(now)), IssuedAt: now.UTC().Truncate(time.Second), Issuer: issuer,
	}
	if a.Title == "" && a.InForce {
		a.Title = c.Title // a line from before titles were kept
	}
	return a, nil
}

func byOf(witness string) string {
	if witness == "" {
		return "agent"
	}
	return "service"
}

// attestSheet says how a content stands.
func (r *Register) attestSheet(ctx context.Context, caller fil.Caller, id string) (Attestation, error) {
	e, err := r.find(ctx, caller, id)
	if err != nil {
		return Attestation{}, err
	}
	n, err := r.count(ctx, caller, e)
	if err != nil {
		return Attestation{}, err
	}
	if err := r.audit(ctx, caller, e, Access{Act: AccessSheet, Lines: n.Acknowledged}); err != nil {
		return Attestation{}, err
	}
	a := Attestation{
		Kind: AttestsSheet, Content: id, Title: e.Title, RevisedAt: e.RevisedAt, Deadline: e.MandatoryUntil, InForce: e.aimed(),
		Counts: &n, IssuedAt: r.Now().UTC().Truncate(time.Second), Issuer: issuer,
	}
	if e.aimed() {
		a.Revision = e.Digest()
	}
	return a, nil
}
