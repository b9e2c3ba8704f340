/// A table of comma-separated values (RFC 4180): a row of column names, then rows of as many values.
struct CSVTable {
  struct Row {
    /// The number of its first line, from 1.
    let line: Int
    let values: [String]
  }

  /// The names of the columns.
  let columns: [String]
  /// The rows below the names, without blank ones.
  let rows: [Row]

  /// Reads a text. Values in double quotes may contain commas, line breaks and doubled quotes.
  init(_ text: String) {
    var rows: [Row] = []
    var values: [String] = []
    var value: [UInt8] = []
    var isQuoted = false
    var (line, first) = (1, 1)
    let quote = UInt8(ascii: "\"")
    func finished() -> String { String(decoding: value, as: UTF8.self) }
    func endRow() {
      values.append(finished())
      if values != [""] { rows.append(Row(line: first, values: values)) }
      (values, value) = ([], [])
    }
    let bytes = Array(text.utf8)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == UInt8(ascii: "\n") { line += 1 }
      switch byte {
      case quote where isQuoted:
        let isDoubled = index < bytes.count && bytes[index] == quote
        if isDoubled { value.append(quote) }
        if isDoubled { index += 1 } else { isQuoted = false }
      case quote where value.isEmpty: isQuoted = true
      case _ where isQuoted: value.append(byte)
      case UInt8(ascii: ","):
        values.append(finished())
        value = []
      case UInt8(ascii: "\r"): continue
      case UInt8(ascii: "\n"):
        endRow()
        first = line
      default: value.append(byte)
      }
    }
    if !value.isEmpty || !values.isEmpty { endRow() }
    columns = rows.first?.values.map { $0.trimmingWhitespace } ?? []
    self.rows = Array(rows.dropFirst())
  }
}

extension String {
  fileprivate var trimmingWhitespace: String {
    let start = drop(while: \.isWhitespace)
    return String(start.reversed().drop(while: \.isWhitespace).reversed())
  }
}
