package access

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/filengine/fil"
)

var tooLarge = regexp.MustCompile(`^request body is too large limit=(\d+) bytes$`)

// detail gives what the framework says of a request, in two languages; what is not its words stays as it is.
func detail(said string) fil.Bilingual {
	if said == "validation failed" { // of a query or a body that its schema refuses
		return fil.Bilingual{FR: "Des champs sont à corriger.", EN: "Some fields must be mended."}
	}
	if found := tooLarge.FindStringSubmatch(said); found != nil {
		bytes, _ := strconv.Atoi(found[1]) // digits
		return fil.Bilingual{
			FR: fmt.Sprintf("Ce qui est envoyé dépasse la limite de %d ko, soit environ %d 000 caractères : raccourcissez le texte.", bytes>>10, bytes>>10),
			EN: fmt.Sprintf("What is sent is over the limit of %d kB, about %d,000 characters: shorten the text.", bytes>>10, bytes>>10),
		}
	}
	switch said {
	case "request body read timeout":
		return fil.Bilingual{FR: "L'envoi a duré trop longtemps : recommencez.", EN: "Sending took too long: try again."}
	case "cannot read request body":
		return fil.Bilingual{FR: "L'envoi s'est interrompu : recommencez.", EN: "Sending was cut short: try again."}
	case "request body is required":
		return fil.Bilingual{FR: "Il manque le corps de la requête.", EN: "The body of the request is missing."}
	}
	return fil.Bilingual{FR: said, EN: said}
}

// french are the words by which the framework refuses a value, and ours, in which $1 is what it found.
var french = []struct {
	said *regexp.Regexp
	ours string
}{
	{regexp.MustCompile(`^expected number <= (\S+)$`), "doit être au plus $1"},
	{regexp.MustCompile(`^expected number >= (\S+)$`), "doit être au moins $1"},
	{regexp.MustCompile(`^expected number < (\S+)$`), "doit être inférieur à $1"},
	{regexp.MustCompile(`^expected number > (\S+)$`), "doit être supérieur à $1"},
	{regexp.MustCompile(`^expected number to be a multiple of (\S+)$`), "doit être un multiple de $1"},
	{regexp.MustCompile(`^(?:expected|invalid) integer$`), "doit être un nombre entier"},
	{regexp.MustCompile(`^(?:expected number|invalid float)$`), "doit être un nombre"},
	{regexp.MustCompile(`^(?:expected|invalid) boolean$`), "doit être true ou false"},
	{regexp.MustCompile(`^expected string$`), "doit être un texte"},
	{regexp.MustCompile(`^expected array$`), "doit être une liste"},
	{regexp.MustCompile(`^expected object$`), "doit être un objet JSON"},
	{regexp.MustCompile(`^expected length <= (\d+)$`), "doit avoir $1 caractères au plus"},
	{regexp.MustCompile(`^expected length >= (\d+)$`), "doit avoir $1 caractères au moins"},
	{regexp.MustCompile(`^expected array length <= (\d+)$`), "doit avoir $1 éléments au plus"},
	{regexp.MustCompile(`^expected array length >= (\d+)$`), "doit avoir $1 éléments au moins"},
	{regexp.MustCompile(`^expected array items to be unique$`), "ne doit pas avoir deux fois le même élément"},
	{regexp.MustCompile(`^expected value to be one of "(.*)"$`), "doit être l'une de ces valeurs : $1"},
	{regexp.MustCompile(`^expected string to match pattern (.*)$`), "doit avoir la forme $1"},
	{regexp.MustCompile(`^expected string to be RFC 3339 date$|^invalid date/time for format 2006-01-02$`), "doit être une date, comme 2026-01-31"},
	{regexp.MustCompile(`^expected string to be RFC 3339 date-time$|^invalid date/time for format 2006-01-02T.*$`), "doit être un moment, comme 2026-01-31T08:30:00Z"},
	{regexp.MustCompile(`^expected string to be base64 encoded$`), "doit être en base64"},
	{regexp.MustCompile(`^expected required property (\S+) to be present$`), "il manque « $1 »"},
	{regexp.MustCompile(`^required \w+ parameter is missing$`), "doit être donné"},
	{regexp.MustCompile(`^unexpected property$`), "n'est pas un champ connu"},
	{regexp.MustCompile(`^(?:invalid character|unexpected end of JSON|unexpected EOF|json: ).*$`), "ne se lit pas comme du JSON"},
}

// inFrench says what the framework says of a value; what is not its words stays as it is.
func inFrench(said string) string {
	for _, one := range french {
		if at := one.said.FindStringSubmatchIndex(said); at != nil {
			return string(one.said.ExpandString(nil, one.ours, said, at))
		}
	}
	return said
}
