// Package demo is the demonstration: an invented French public body, what its services have to say, and a month of how
// its agents read it.
//
// It hides the files it is made from: body.yaml (services, jobs, sites), audiences.yaml, topics.yaml and one Markdown file
// a content in contents/ (a translation beside it, as ID.en.md). To change the demonstration, edit these.
//
// It guarantees that two calls give the same values, in the same order: everything is drawn from fixed seeds, and dates
// count from an anchor that the caller keeps. Every event has an identity that depends on its rank alone, so loading
// the demonstration twice has no further effect. Nobody in it exists or has a name.
//
// It does no I/O and speaks to no door: loading is its caller's work. The files are part of the program and are checked
// by its tests; one that cannot be read is therefore a panic and not an error.
package demo

import (
	"bytes"
	"embed"
	"fmt"
	"math/rand/v2"

	"go.yaml.in/yaml/v3"

	"github.com/filengine/fil"
)

//go:embed body.yaml audiences.yaml topics.yaml contents/*.md
var files embed.FS

// Source is the CloudEvents source of the demonstration's events.
const Source = "demo"

// seed is drawn once and for all: another one is another body.
const seed = 0x66_69_6c

// stream gives the random numbers of one thing, which stay the same when another thing changes.
func stream(of string) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(fil.KeyOf(of)))) //nolint:gosec // a simulation: reproducible, not secret
}

// readTopics gives the name of each topic, by the slug that the files use.
func readTopics() map[string]string {
	topics := map[string]string{}
	load("topics.yaml", &topics)
	return topics
}

// Audiences gives the audiences that contents are aimed at.
func Audiences() []fil.Audience {
	var audiences []fil.Audience
	load("audiences.yaml", &audiences)
	return audiences
}

// load reads one of the embedded YAML files.
func load(name string, into any) {
	raw, err := files.ReadFile(name)
	must(err)
	if err := decode(raw, into); err != nil {
		panic(fmt.Sprintf("demonstration file %s: %v", name, err))
	}
}

// decode reads YAML and refuses unknown keys.
func decode(raw []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	return decoder.Decode(into)
}

// shares are names with their weights, in the order of the file: a Go map would lose it.
type shares []share

type share struct {
	name   string
	weight int
}

// UnmarshalYAML reads a mapping of names to whole numbers.
func (s *shares) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: a mapping of names to whole numbers is expected", node.Line)
	}
	for i := 0; i < len(node.Content); i += 2 {
		one := share{name: node.Content[i].Value}
		if err := node.Content[i+1].Decode(&one.weight); err != nil {
			return fmt.Errorf("line %d: %w", node.Content[i].Line, err)
		}
		*s = append(*s, one)
	}
	return nil
}

// draw picks a name, each with a chance in proportion to its weight.
func (s shares) draw(r *rand.Rand) string {
	total := 0
	for _, one := range s {
		total += one.weight
	}
	at := r.IntN(total)
	for _, one := range s {
		if at -= one.weight; at < 0 {
			return one.name
		}
	}
	return ""
}

// must holds for the embedded files, which the tests have read.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("demonstration: %v", err))
	}
}
