package evaluation

import (
	"fmt"
	"io"
	"strings"

	"github.com/filengine/fil"
)

// News is what a log of impressions tells of a content, in a file of its own.
type News struct {
	Content string
	Topics  []string // its category, and the subcategory within it
}

// ParseNews reads a line of the news.tsv of MIND (Wu and others, 2020), with tabs between its cells: id, category, subcategory
// and others, which are passed over. An error is fil.Faults.
func ParseNews(line string) (News, error) {
	cells := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
	if len(cells) < 3 {
		return News{}, fil.Faults{fil.NewFault("", fmt.Sprintf("a %d cellule(s) ; il en faut 3 au moins, séparées par des tabulations : id, catégorie, sous-catégorie", len(cells)),
			fmt.Sprintf("has %d cell(s); 3 are needed at least, with tabs between: id, category, subcategory", len(cells)))}
	}
	n := News{Content: strings.TrimSpace(cells[0])}
	if n.Content == "" {
		return News{}, fil.Faults{fil.NewFault("content", "est vide : toute ligne en demande un", "is empty: every row needs one")}
	}
	category, within := strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])
	if category != "" {
		n.Topics = append(n.Topics, category)
	}
	if within != "" {
		n.Topics = append(n.Topics, category+"/"+within)
	}
	return n, nil
}

// ReadNews calls visit for each line, with its number from 1 and the error of ParseNews. Its own error is visit's, or the
// reader's.
func ReadNews(r io.Reader, visit func(line int, n News, wrong error) error) error {
	return readLines(r, func(line int, text string) error {
		n, wrong := ParseNews(text)
		return visit(line, n, wrong)
	})
}

// AddNews takes the topics of a content, unless they are known. A content that no act was about so far is passed over.
func (b *Builder) AddNews(n News) {
	if content, known := b.log.contents.number[n.Content]; known {
		b.topics(content, n.Topics)
	}
}
