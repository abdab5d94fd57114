package accessibility

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"

	"github.com/filengine/fil"
)

// document visits the tree of a body.
func (c *checker) document(doc ast.Node) {
	last, highest := 0, 6
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if h, ok := n.(*ast.Heading); ok && entering {
			highest = min(highest, h.Level)
		}
		return ast.WalkContinue, nil
	})
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			c.heading(n, last, highest)
			last = n.Level
			c.capitalsOf(n)
		case *ast.Paragraph:
			c.capitalsOf(n)
			c.boldHeading(n)
			c.typedList(n)
		case *ast.TextBlock:
			c.capitalsOf(n)
		case *ast.Image:
			c.image(n)
		case *ast.Link:
			c.link(n, c.words(n))
		case *ast.AutoLink:
			if n.AutoLinkType == ast.AutoLinkURL {
				c.bareLink(positionOf(n), string(n.Label(c.source)))
			}
		case *extast.TableHeader:
			c.tableHeader(n)
		case *ast.HTMLBlock, *ast.RawHTML:
			c.html(n)
		}
		return ast.WalkContinue, nil
	})
}

// positionOf gives the byte at which a node begins, or what is in it.
func positionOf(n ast.Node) int {
	if at := n.Pos(); at >= 0 {
		return at
	}
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if at := positionOf(child); at >= 0 {
			return at
		}
	}
	return -1
}

// words gives the text of a node as a screen reader says it: an image by its alternative text.
func (c *checker) words(n ast.Node) string {
	var out strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			out.Write(n.Segment.Value(c.source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				out.WriteByte(' ')
			}
		case *ast.String:
			out.Write(n.Value)
		}
		return ast.WalkContinue, nil
	})
	return said(out.String())
}

func (c *checker) heading(n *ast.Heading, last, highest int) {
	title := c.words(n)
	switch {
	case title == "":
		c.add(positionOf(n), Error, "heading_empty", "9.1", fil.Bilingual{FR: "ce titre est vide", EN: "this heading is empty"},
			fil.Bilingual{FR: "Écrivez-le ou retirez ses dièses.", EN: "Write it, or take its number signs away."}, "")
	case last == 0 && n.Level > highest:
		c.add(positionOf(n), Error, "heading_order", "9.1",
			fil.Bilingual{FR: fmt.Sprintf("le premier titre est de niveau %d, alors qu'un autre est de niveau %d", n.Level, highest), EN: fmt.Sprintf("the first heading is of level %d, while another is of level %d", n.Level, highest)},
			fil.Bilingual{FR: "Commencez par le niveau le plus haut : " + strings.Repeat("#", highest) + " pour celui-ci.", EN: "Begin with the highest level: " + strings.Repeat("#", highest) + " for this one."}, title)
	case last > 0 && n.Level > last+1:
		c.add(positionOf(n), Error, "heading_order", "9.1",
			fil.Bilingual{FR: fmt.Sprintf("ce titre passe du niveau %d au niveau %d", last, n.Level), EN: fmt.Sprintf("this heading goes from level %d to level %d", last, n.Level)},
			fil.Bilingual{FR: fmt.Sprintf("Descendez d'un niveau à la fois : %s ici.", strings.Repeat("#", last+1)), EN: fmt.Sprintf("Go down one level at a time: %s here.", strings.Repeat("#", last+1))}, title)
	}
}

func (c *checker) image(n *ast.Image) {
	alt, name := c.words(n), path.Base(string(n.Destination))
	switch {
	case alt == "":
		c.add(positionOf(n), Error, "image_alt", "1.1", fil.Bilingual{FR: "cette image n'a pas de texte de remplacement", EN: "this image has no alternative text"},
			fil.Bilingual{FR: "Dites entre les crochets ce qu'elle apporte : ![Plan d'accès au site](…).", EN: "Say between the brackets what it brings: ![Map of the way to the site](…)."}, name)
	case plain(alt) == "":
		c.add(positionOf(n), Error, "image_alt_signs", "1.3", fil.Bilingual{FR: "le texte de remplacement n'est fait que de signes ou d'émojis", EN: "the alternative text is made of signs or emojis only"},
			fil.Bilingual{FR: "Dites par des mots ce que l'image montre.", EN: "Say by words what the image shows."}, alt)
	case namesFile(alt) || strings.EqualFold(alt, name):
		c.add(positionOf(n), Error, "image_alt_name", "1.3", fil.Bilingual{FR: "le texte de remplacement est un nom de fichier", EN: "the alternative text is the name of a file"},
			fil.Bilingual{FR: "Dites ce que l'image montre.", EN: "Say what the image shows."}, alt)
	case slices.Contains(pictures, plain(alt)):
		c.add(positionOf(n), Error, "image_alt_vague", "1.3", fil.Bilingual{FR: "le texte de remplacement dit que c'est une image, et rien de ce qu'elle montre", EN: "the alternative text says that it is an image, and nothing of what it shows"},
			fil.Bilingual{FR: "Dites ce qu'elle montre : « Plan d'accès au site » plutôt que « image ».", EN: "Say what it shows: \"Map of the way to the site\" rather than \"image\"."}, alt)
	}
}

func (c *checker) link(n *ast.Link, words string) {
	at := positionOf(n)
	switch {
	case words == "":
		c.add(at, Error, "link_empty", "6.2", fil.Bilingual{FR: "ce lien n'a pas de texte", EN: "this link has no text"},
			fil.Bilingual{FR: "Écrivez entre les crochets où il mène.", EN: "Write between the brackets where it leads."}, string(n.Destination))
	case plain(words) == "":
		c.add(at, Error, "link_emoji", "6.1", fil.Bilingual{FR: "le texte de ce lien n'est fait que de signes ou d'émojis", EN: "the text of this link is made of signs or emojis only"},
			fil.Bilingual{FR: "Ajoutez des mots qui disent où il mène.", EN: "Add words that say where it leads."}, words)
	case saysNothing(plain(words)):
		c.add(at, Error, "link_vague", "6.1", fil.Bilingual{FR: "ce lien ne dit pas où il mène", EN: "this link does not say where it leads"},
			fil.Bilingual{FR: "Nommez la page ou l'action : « formulaire de télétravail » plutôt que « cliquez ici ».", EN: "Name the page or the deed: \"telework form\" rather than \"click here\"."}, words)
	case words == string(n.Destination) || strings.HasPrefix(words, "http://") || strings.HasPrefix(words, "https://"):
		c.bareLink(at, words)
	default:
		c.twice(at, words, string(n.Destination))
	}
}

func (c *checker) bareLink(at int, address string) {
	for at >= 0 && at < len(c.source) && c.source[at] == ' ' { // the parser counts the space before a bare address
		at++
	}
	c.add(at, Warning, "link_url", "6.1", fil.Bilingual{FR: "l'adresse est lue lettre à lettre par une synthèse vocale", EN: "the address is read letter by letter by a screen reader"},
		fil.Bilingual{FR: "Donnez-lui un texte : [nom de la page](adresse).", EN: "Give it a text: [name of the page](address)."}, address)
}

func (c *checker) tableHeader(n *extast.TableHeader) {
	for cell := n.FirstChild(); cell != nil; cell = cell.NextSibling() {
		if c.words(cell) != "" {
			continue
		}
		if cell == n.FirstChild() && n.ChildCount() > 1 && c.words(n) != "" {
			continue // the corner over the names of the lines
		}
		at := positionOf(cell)
		if at < 0 {
			at = positionOf(n)
		}
		c.add(at, Error, "table_header", "5.6", fil.Bilingual{FR: "une colonne de ce tableau n'a pas d'en-tête", EN: "a column of this table has no header"},
			fil.Bilingual{FR: "Nommez chaque colonne dans la première ligne.", EN: "Name each column in the first line."}, c.words(n))
		return
	}
}

var styled = regexp.MustCompile(`(?i)(color|style|bgcolor|<font)`)

// html says what becomes of HTML: delivery drops it, so that it can set no colour and no contrast can be wrong.
func (c *checker) html(n ast.Node) {
	raw, at := "", positionOf(n)
	switch n := n.(type) {
	case *ast.RawHTML:
		raw = string(n.Segments.Value(c.source))
		if n.Segments.Len() > 0 {
			at = n.Segments.At(0).Start
		}
		if strings.HasPrefix(raw, "</") {
			return
		}
	case *ast.HTMLBlock:
		raw = string(n.Lines().Value(c.source))
	}
	if styled.MatchString(raw) {
		c.add(at, Warning, "colour", "3.1", fil.Bilingual{FR: "les couleurs ne se donnent pas ici : ce HTML sera retiré, et ce que dit la couleur perdu", EN: "colours cannot be given here: this HTML will be dropped, and what the colour says lost"},
			fil.Bilingual{FR: "Dites-le par des mots, ou par **gras** ; le contraste est alors celui du thème.", EN: "Say it by words, or by **bold**; the contrast is then the theme's."}, raw)
		return
	}
	c.add(at, Warning, "html", "8.2", fil.Bilingual{FR: "ce HTML sera retiré", EN: "this HTML will be dropped"},
		fil.Bilingual{FR: "Écrivez en Markdown.", EN: "Write in Markdown."}, raw)
}

// capitalsOf looks for shouting in the texts of one block, which may stand on several lines.
func (c *checker) capitalsOf(n ast.Node) {
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if t, ok := child.(*ast.Text); ok {
			c.capitals(string(t.Segment.Value(c.source)), t.Segment.Start)
		} else if child.Type() == ast.TypeInline && child.Kind() != ast.KindCodeSpan {
			c.capitalsOf(child)
		}
	}
}

// capitals notes runs of three words or more in capitals, of twelve letters or more together: acronyms stand alone.
func (c *checker) capitals(text string, offset int) {
	const fewest, letters = 3, 12
	from, to, words, sum, at := -1, 0, 0, 0, 0
	end := func() {
		if words >= fewest && sum >= letters {
			c.add(offset+from, Warning, "capitals", "10.1", fil.Bilingual{FR: "ces mots sont tout en capitales : ils se lisent mal, et certains lecteurs d'écran les épellent", EN: "these words are all in capitals: they are hard to read, and some screen readers spell them"},
				fil.Bilingual{FR: "Écrivez en minuscules ; **gras** appuie.", EN: "Write in lower case; **bold** stresses."}, text[from:to])
		}
		from, words, sum = -1, 0, 0
	}
	for _, field := range strings.FieldsFunc(text, unicode.IsSpace) {
		start := at + strings.Index(text[at:], field)
		at = start + len(field)
		capital, small := 0, 0
		for _, r := range field {
			switch {
			case unicode.IsUpper(r):
				capital++
			case unicode.IsLower(r):
				small++
			}
		}
		switch {
		case small > 0:
			end()
		case capital > 0:
			if from < 0 {
				from = start
			}
			to, words, sum = at, words+1, sum+capital
		}
	}
	end()
}
