package accessibility

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"

	"github.com/filengine/fil"
)

// twice notes a link whose text is that of another, to another page: read one after the other, out of their sentences, they
// cannot be told apart.
func (c *checker) twice(at int, words, destination string) {
	text := plain(words)
	before, again := c.links[text]
	if !again {
		if c.links == nil {
			c.links = map[string]string{}
		}
		c.links[text] = destination
		return
	}
	if before == destination {
		return
	}
	c.add(at, Warning, "link_same", "6.1", fil.Bilingual{FR: "un autre lien a le même texte et mène ailleurs", EN: "another link has the same text and leads elsewhere"},
		fil.Bilingual{FR: "Ajoutez à chacun ce qui le distingue : « Programme de lundi », « Programme de mardi ».", EN: "Add to each what tells it apart: \"Monday's programme\", \"Tuesday's programme\"."}, words)
}

// longestHeading is how many characters a paragraph in bold has at most to be taken for a heading.
const longestHeading = 100

// boldHeading notes a short paragraph that is wholly bold and has something after it: it is seen as a heading, and is none for a
// screen reader.
func (c *checker) boldHeading(n *ast.Paragraph) {
	strong, ok := n.FirstChild().(*ast.Emphasis)
	words := c.words(n)
	if !ok || strong.Level != 2 || n.ChildCount() > 1 || n.NextSibling() == nil || n.Parent().Kind() != ast.KindDocument ||
		utf8.RuneCountInString(words) > longestHeading || strings.ContainsAny(words[max(0, len(words)-1):], ".!?;,") {
		return
	}
	c.add(positionOf(n), Warning, "heading_bold", "9.1", fil.Bilingual{FR: "ce paragraphe en gras se lit comme un titre, sans en être un", EN: "this paragraph in bold is read as a heading, and is none"},
		fil.Bilingual{FR: "Faites-en un titre : « ## " + cut(words) + " », sans gras.", EN: "Make a heading of it: '## " + cut(words) + "', without bold."}, words)
}

// bullets begin the lines of lists that are typed.
const bullets = "•‣▪▫◦●○■□►▶➢➤➔➜→⇒✓✔✅❖–—·"

// typed says whether a line begins by a sign of lists and a text.
func typed(line string) bool {
	first, size := utf8.DecodeRuneInString(strings.TrimLeftFunc(line, unicode.IsSpace))
	return strings.ContainsRune(bullets, first) && len(strings.TrimSpace(line)) > size
}

// typedLines counts the lines of a paragraph that begin by a sign of lists; first says whether its first one does.
func (c *checker) typedLines(n ast.Node) (count int, first bool) {
	if n == nil || n.Kind() != ast.KindParagraph {
		return 0, false
	}
	for i := range n.Lines().Len() {
		segment := n.Lines().At(i)
		if typed(string(segment.Value(c.source))) {
			count, first = count+1, first || i == 0
		}
	}
	return count, first
}

// typedList notes lines that begin by a sign of lists, in one paragraph or in several: a screen reader tells no list, and not how
// long it is.
func (c *checker) typedList(n *ast.Paragraph) {
	count, first := c.typedLines(n)
	if before, _ := c.typedLines(n.PreviousSibling()); count == 0 || before > 0 {
		return // told of the first
	}
	if _, next := c.typedLines(n.NextSibling()); count < 2 && !(first && next) {
		return
	}
	c.add(positionOf(n), Warning, "list_typed", "9.3", fil.Bilingual{FR: "cette liste est faite de signes tapés : un lecteur d'écran ne l'annonce pas comme une liste", EN: "this list is made of signs that were typed: a screen reader does not tell it as a list"},
		fil.Bilingual{FR: "Commencez chaque ligne par un tiret et une espace : « - ».", EN: "Begin each line by a hyphen and a space: '- '."}, c.words(n))
}
