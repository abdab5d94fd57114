package delivery

import (
	"bytes"
	"fmt"
	"regexp"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdown makes safe HTML of what communicators write: Markdown with tables, struck text and bare links. Raw HTML is
// dropped. An image leaves its alternative text, because a closed network has no place to load it from and a remote
// one would tell who reads. Headings are moved so that the highest is an h4, under the h3 of an item in a list.
type markdown struct {
	md     goldmark.Markdown
	policy *bluemonday.Policy
}

const linkRel = "nofollow noopener"

func newMarkdown() *markdown {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "strong", "em", "del", "h4", "h5", "h6", "ul", "li", "blockquote", "pre", "code", "table", "thead", "tbody", "tr", "td")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("scope").Matching(regexp.MustCompile(`^col$`)).OnElements("th")
	p.AllowElements("ol", "th")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile("^" + linkRel + "$")).OnElements("a")
	p.AllowURLSchemes("https", "http", "mailto", "tel")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	return &markdown{
		md: goldmark.New(
			goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone)), extension.Strikethrough, extension.Linkify),
			goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(transformer{}, 1000))),
		),
		policy: p,
	}
}

func (m *markdown) html(source string) (string, error) {
	if source == "" {
		return "", nil
	}
	var out bytes.Buffer
	if err := m.md.Convert([]byte(source), &out); err != nil {
		return "", fmt.Errorf("render Markdown: %w", err)
	}
	return string(m.policy.SanitizeBytes(out.Bytes())), nil
}

// transformer changes the tree between reading and writing.
type transformer struct{}

// Transform levels headings, marks links and puts the text of images in their place.
func (transformer) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	var images []ast.Node
	var headings []*ast.Heading
	highest := 6
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			headings, highest = append(headings, n), min(highest, n.Level)
		case *ast.Link, *ast.AutoLink:
			n.SetAttributeString("rel", []byte(linkRel))
		case *ast.Image:
			images = append(images, n)
		}
		return ast.WalkContinue, nil
	})
	for _, heading := range headings {
		heading.Level = min(6, heading.Level-highest+4)
	}
	for _, image := range images {
		parent := image.Parent()
		for child := image.FirstChild(); child != nil; child = image.FirstChild() {
			parent.InsertBefore(parent, image, child)
		}
		parent.RemoveChild(parent, image)
	}
}
