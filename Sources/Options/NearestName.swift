/// The name that a misspelt one probably means: the one with the fewest insertions, deletions,
/// substitutions and swaps of neighbours. nil: all need more of these than a third of its letters.
package func nearestName(to name: String, in names: [String]) -> String? {
  let limit = max(1, name.count / 3)
  let letters = Array(name.lowercased().unicodeScalars)
  // Names of other lengths need at least as many changes as the difference.
  return
    names.filter { abs($0.count - name.count) <= limit }
    .map { (name: $0, distance: editDistance(letters, Array($0.lowercased().unicodeScalars))) }
    .filter { $0.distance <= limit }
    .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?
    .name
}

/// Optimal string alignment distance.
private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  // Rows of the table of distances between the beginnings of both: this one and the two before.
  var row = Array(0...b.count)
  var previous = row
  var beforePrevious = row
  for i in a.indices {
    (beforePrevious, previous, row) = (previous, row, beforePrevious)
    row[0] = i + 1
    for j in b.indices {
      let substitution = previous[j] + (a[i] == b[j] ? 0 : 1)
      row[j + 1] = min(previous[j + 1] + 1, row[j] + 1, substitution)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        row[j + 1] = min(row[j + 1], beforePrevious[j - 1] + 1)
      }
    }
  }
  return row[b.count]
}
