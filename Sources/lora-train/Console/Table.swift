/// Rows of text in aligned columns.
struct Table {
  let rows: [[String]]

  init(header: [String] = [], rows: [[String]]) {
    self.rows = header.isEmpty ? rows : [header] + rows
  }

  var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.compactMap { $0.indices.contains(column) ? $0[column].count : nil }.max() ?? 0
    }
    return rows.map { row in
      zip(row, widths).enumerated().map { index, cell in
        let padding = index + 1 == row.count ? 0 : cell.1 - cell.0.count
        return cell.0 + String(repeating: " ", count: padding)
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
