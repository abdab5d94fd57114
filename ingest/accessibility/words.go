package accessibility

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// said gives the characters of a text that are seen or spoken: entities for what they stand for, one form of each letter
// (NFKC), nothing of what has no width. What is only made of the others is empty, as it is for who reads it.
func said(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || r == '\u2800': // the pattern of Braille without a dot is a blank
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
			return -1
		}
		return r
	}, norm.NFKC.String(html.UnescapeString(text)))
	return strings.TrimSpace(text)
}

// latin are letters of other alphabets that look like ours.
var latin = strings.NewReplacer(
	"а", "a", "е", "e", "і", "i", "ј", "j", "к", "k", "ӏ", "l", "о", "o", "р", "p", "ѕ", "s", "с", "c", "т", "t", "у", "y", "х", "x", "ѵ", "v", "ԁ", "d", "һ", "h", "ԛ", "q", "ԝ", "w", // Cyrillic
	"α", "a", "ι", "i", "κ", "k", "ν", "v", "ο", "o", "ρ", "p", "τ", "t", "υ", "u", "χ", "x", // Greek
	"ı", "i", "ɑ", "a", "ɡ", "g", "ɩ", "i")

// plain writes a text that was said without accents, case, signs and letters of other alphabets that look like ours, to compare it.
func plain(text string) string {
	folded := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(text))
	return strings.Join(strings.FieldsFunc(latin.Replace(folded), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// vague are the texts of links that say nothing of where they lead, as plain writes them.
var vague = []string{
	"cliquez ici", "cliquer ici", "ici", "clic", "lien", "ce lien", "lien ici", "en savoir plus", "savoir plus", "lire la suite", "la suite", "suite", "plus", "voir", "voir plus",
	"plus d infos", "plus d info", "plus d informations", "infos", "details", "telecharger", "consulter", "acceder", "decouvrir", "suivre ce lien", "cliquez", "page", "document",
	"fichier", "piece jointe", "telecharger le fichier", "telecharger le document", "format", "au format",
	"click here", "here", "click", "link", "this link", "read more", "more", "learn more", "more info", "see more", "see", "details", "download", "this page", "continue", "file", "attachment",
}

// formats are words of links that tell how a file is made, and not which one it is.
var formats = []string{"pdf", "doc", "docx", "odt", "xls", "xlsx", "ods", "ppt", "pptx", "odp", "csv", "zip", "epub", "jpg", "png", "mp3", "mp4"}

var weight = regexp.MustCompile(`^(\d+|[kmg]o|[kmg]b|octets?|bytes?)$`)

// saysNothing tells of the plain text of a link whether it is vague, once its format and its weight are taken off: "[PDF, 2 Mo]".
func saysNothing(text string) bool {
	words := strings.Fields(text)
	if slices.ContainsFunc(words, func(word string) bool { return slices.Contains(formats, word) }) {
		words = slices.DeleteFunc(words, func(word string) bool { return slices.Contains(formats, word) || weight.MatchString(word) })
	}
	return len(words) == 0 || slices.Contains(vague, strings.Join(words, " "))
}

// pictures are alternative texts that only say that there is an image, as plain writes them.
var pictures = []string{
	"image", "une image", "l image", "photo", "une photo", "la photo", "photographie", "une photographie", "illustration", "une illustration", "figure", "visuel", "schema", "icone", "dessin",
	"capture", "capture d ecran", "sans titre", "picture", "a picture", "an image", "a photo", "photograph", "graphic", "icon", "screenshot", "untitled", "alt",
}

var (
	imageFile = regexp.MustCompile(`(?i)\S\.(jpe?g|png|gif|svg|webp|bmp|tiff?|heic|avif|ico)$`)
	camera    = regexp.MustCompile(`(?i)^(img|dsc[nf]?|dscn|pxl|mvimg|image|photo|capture|screenshot|scan|untitled|sans[ _-]titre|whatsapp image)?[ _-]*\d[\d _-]*(\(\d+\))?$`)
)

// namesFile tells whether an alternative text is the name that a camera, a scanner or a disk gave.
func namesFile(alt string) bool { return imageFile.MatchString(alt) || camera.MatchString(alt) }
