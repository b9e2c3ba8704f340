/// The name that a misspelt one probably means: the one with the fewest insertions, deletions,
/// substitutions and swaps of neighbours. nil: all need more of these than a third of its letters.
package func nearestName(to name: String, in names: [String]) -> String? {
  let limit = max(1, name.count / 3)
  // Names of other lengths need at least as many changes as the difference.
  return
    names.filter { abs($0.count - name.count) <= limit }
    .map { (name: $0, distance: editDistance(name.lowercased(), $0.lowercased())) }
    .filter { $0.distance <= limit }
    .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?
    .name
}

/// Optimal string alignment distance.
func editDistance(_ a: String, _ b: String) -> Int {
  let a = Array(a)
  let b = Array(b)
  var rows = [Array(0...b.count)]
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      let substitution = rows[i][j] + (a[i] == b[j] ? 0 : 1)
      var best = min(rows[i][j + 1] + 1, row[j] + 1, substitution)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        best = min(best, rows[i - 1][j - 1] + 1)
      }
      row.append(best)
    }
    rows.append(row)
  }
  return rows[a.count][b.count]
}
