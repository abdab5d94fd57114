package ingest

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// Bounds of a list: a page, and how many agents one request may look at for those that fit its query.
const (
	maxPage    = 100
	maxScanned = 20_000
)

type listInput struct {
	After    string `query:"after" doc:"Identifiant après lequel commencer : le next de la page d'avant · Id to start after: next of the page before"`
	Limit    int    `query:"limit" default:"50" minimum:"1" maximum:"100" doc:"Taille de la page · Page size"`
	Query    string `query:"q" maxLength:"128" doc:"Texte que l'identifiant, le nom ou l'organisation doit contenir · Text that the id, the name or the organisation must hold"`
	Language string `header:"Accept-Language"`
}

type agentsPage struct {
	Link string `header:"Link"`
	Body struct {
		Agents []fil.Agent `json:"agents"`
		Next   string      `json:"next,omitempty"`
	}
}

type audiencesPage struct {
	Link string `header:"Link"`
	Body struct {
		Audiences []fil.Audience  `json:"audiences"`
		Edits     map[string]Edit `json:"edits,omitempty" doc:"Qui a écrit chacune en dernier, et quand ; pour les communicants, et là où on le sait · Who wrote each last, and when; for communicators, and where it is known"`
		Next      string          `json:"next,omitempty"`
	}
}

type contentsPage struct {
	Link string `header:"Link"`
	Body struct {
		Contents []fil.Content `json:"contents"`
		Next     string        `json:"next,omitempty"`
	}
}

func registerLists(api huma.API, d *Door) {
	list := func(plural string, summary fil.Bilingual, roles []fil.Role) huma.Operation {
		return describe(http.MethodGet, "/v1/"+plural, "list-"+plural, summary, plural, roles)
	}
	huma.Register(api, list("agents", fil.Bilingual{FR: "Lister les agents, par identifiant", EN: "List agents, by id"}, agentsOf(d).read),
		func(_ context.Context, in *listInput) (*agentsPage, error) {
			page := &agentsPage{}
			page.Body.Agents, page.Body.Next = d.searchAgents(in)
			page.Link = link("/v1/agents", in, page.Body.Next)
			return page, nil
		})
	huma.Register(api, list("audiences", fil.Bilingual{FR: "Lister les audiences, par identifiant", EN: "List audiences, by id"}, audiencesOf(d).read),
		func(ctx context.Context, in *listInput) (*audiencesPage, error) {
			page := &audiencesPage{}
			page.Body.Audiences, page.Body.Next = pageOf(audiencesOf(d).allShown(fil.CallerFrom(ctx), d.parts.Directory.Audiences()), in, func(a fil.Audience) (string, []string) { return a.ID, []string{a.ID, a.Name} })
			page.Body.Edits = d.edits(fil.CallerFrom(ctx), page.Body.Audiences)
			page.Link = link("/v1/audiences", in, page.Body.Next)
			return page, nil
		})
	huma.Register(api, list("contents", fil.Bilingual{FR: "Lister les contenus, par identifiant", EN: "List contents, by id"}, contentsOf(d).read),
		func(ctx context.Context, in *listInput) (*contentsPage, error) {
			page := &contentsPage{}
			page.Body.Contents, page.Body.Next = pageOf(contentsOf(d).allShown(fil.CallerFrom(ctx), d.parts.Catalogue.Contents()), in, func(c fil.Content) (string, []string) { return c.ID, []string{c.ID, c.Title, c.Source} })
			page.Link = link("/v1/contents", in, page.Body.Next)
			return page, nil
		})
}

// edits gives who wrote audiences last, to a communicator whose they are to write.
func (d *Door) edits(caller fil.Caller, of []fil.Audience) map[string]Edit {
	edits := map[string]Edit{}
	for _, a := range of {
		edit, known := d.parts.Editors.Last(fil.TopicAudiences, a.ID)
		if known && caller.Role == fil.RoleCommunicator && (caller.Perimeter == "" || caller.Perimeter == a.Perimeter) {
			edits[a.ID] = edit
		}
	}
	return edits
}

// searchAgents looks at a bounded number of agents; a page may be short, or empty, and still have a next one.
func (d *Door) searchAgents(in *listInput) (page []fil.Agent, next string) {
	page = []fil.Agent{}
	after := in.After
	for scanned := 0; scanned < maxScanned; {
		some := d.parts.Directory.Agents(after, maxPage+1)
		for _, a := range some {
			if len(page) == in.Limit {
				return page, after
			}
			after = a.ID
			if holds(in.Query, a.ID, a.Org, a.Site) {
				page = append(page, a)
			}
		}
		if len(some) <= maxPage {
			return page, ""
		}
		scanned += len(some)
	}
	return page, after
}

// pageOf sorts a whole list by id and cuts one page out of it.
func pageOf[T any](all []T, in *listInput, of func(T) (id string, texts []string)) (page []T, next string) {
	all = slices.DeleteFunc(slices.Clone(all), func(one T) bool {
		id, texts := of(one)
		return id <= in.After || !holds(in.Query, texts...)
	})
	slices.SortFunc(all, func(a, b T) int {
		left, _ := of(a)
		right, _ := of(b)
		return cmp.Compare(left, right)
	})
	if len(all) <= in.Limit {
		return append([]T{}, all...), ""
	}
	page = all[:in.Limit]
	next, _ = of(page[in.Limit-1])
	return page, next
}

func holds(query string, texts ...string) bool {
	query = strings.ToLower(query)
	return query == "" || slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(strings.ToLower(text), query) })
}

// link is the header of RFC 8288 that leads to the next page.
func link(path string, in *listInput, next string) string {
	if next == "" {
		return ""
	}
	query := url.Values{"after": {next}, "limit": {strconv.Itoa(in.Limit)}}
	if in.Query != "" {
		query.Set("q", in.Query)
	}
	return "<" + path + "?" + query.Encode() + `>; rel="next"`
}
