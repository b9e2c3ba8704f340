import Files
import Foundation

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

/// Values for people; a dash for an unknown one.
enum Format {
  static func loss(_ value: Double?) -> String { number(value, digits: 4) }

  static func seconds(_ value: Double?) -> String { number(value, digits: 3) }

  static func bytes(_ value: Int64?) -> String {
    value.map { "\(number(Double($0) / 1e9, digits: 2)) GB" } ?? "-"
  }

  static func date(_ value: Date) -> String {
    value.formatted(.iso8601.dateSeparator(.dash).timeSeparator(.colon))
  }

  static func megabytes(_ bytes: Int) -> String { "\(number(Double(bytes) / 1e6, digits: 2)) MB" }

  private static func number(_ value: Double?, digits: Int) -> String {
    value.map { $0.fixed(digits) } ?? "-"
  }
}
