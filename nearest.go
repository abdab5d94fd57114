package fil

import (
	"strings"
	"unicode/utf8"
)

// Nearest gives the one of the names that was probably meant by another: the one at the least edit distance, if that is at
// most a third of the bytes, or one. Empty when there is none. Letter case makes no distance.
func Nearest(name string, names []string) string {
	best, least, length := "", max(1, len(name)/3)+1, utf8.RuneCountInString(name)
	for _, candidate := range names {
		longer := utf8.RuneCountInString(candidate) - length
		if longer >= least || -longer >= least {
			continue // the distance is no less than that
		}
		if d := distance(strings.ToLower(name), strings.ToLower(candidate)); d < least && d < len(candidate) {
			best, least = candidate, d
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of neighbours that make b of a (the optimal string
// alignment distance), for names as short as identifiers.
func distance(a, b string) int {
	const longest = 64
	s, t := []rune(a[:min(len(a), longest)]), []rune(b[:min(len(b), longest)])
	before, above, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			replace := above[j-1]
			if s[i-1] != t[j-1] {
				replace++
			}
			row[j] = min(replace, above[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(t)]
}
