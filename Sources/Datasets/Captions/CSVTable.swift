/// A table of comma-separated values (RFC 4180): a row of column names, then rows of as many values.
struct CSVTable {
  struct Row {
    /// The number of its first line, from 1.
    let line: Int
    let values: [String]
    /// What is wrong with its quotation marks; nil: nothing.
    let problem: CaptionFields.Problem?
  }

  /// The row with the names of the columns; nil: the table is empty.
  let header: Row?
  /// The rows below the names, without blank ones.
  let rows: [Row]

  /// The names of the columns. One that is blank or repeated has its number instead.
  var columns: [String] {
    let names = (header?.values ?? []).map(\.trimmingWhitespace)
    return names.enumerated().map { index, name in
      name.isEmpty || names[..<index].contains(name) ? "column \(index + 1)" : name
    }
  }

  /// Reads a text. Values in double quotes may contain commas, line breaks and doubled quotes.
  init(_ text: String) {
    var reader = CSVReader()
    let bytes = Array(text.utf8)
    for (index, byte) in bytes.enumerated() {
      reader.read(byte, next: index + 1 < bytes.count ? bytes[index + 1] : nil)
    }
    reader.end()
    header = reader.rows.first
    rows = Array(reader.rows.dropFirst())
  }
}

/// Reads a table byte by byte.
private struct CSVReader {
  /// Where in a value the next byte is.
  private enum Part {
    /// At its start, or after spaces.
    case start
    case unquoted
    case quoted
    /// After the quote that ends it, or after the first of two.
    case closed
  }

  private(set) var rows: [CSVTable.Row] = []
  private var values: [String] = []
  private var value: [UInt8] = []
  private var part = Part.start
  private var problem: CaptionFields.Problem?
  private var line = 1
  private var firstLine = 1

  mutating func read(_ byte: UInt8, next: UInt8?) {
    let isLineEnd = byte == .lineFeed || byte == .carriageReturn && next != .lineFeed
    if isLineEnd { line += 1 }
    switch (part, byte) {
    case (.quoted, .quote): part = .closed
    case (.quoted, _): value.append(byte)
    case (.closed, .quote):
      value.append(byte)
      part = .quoted
    case (.start, .quote): (value, part) = ([], .quoted)
    case (_, .comma): endValue()
    case _ where isLineEnd: endRow()
    case (_, .carriageReturn), (.closed, .space): break
    case (.start, .space): value.append(byte)
    default:
      if part == .closed { problem = problem ?? .textAfterQuote }
      value.append(byte)
      part = .unquoted
    }
  }

  /// Ends the text.
  mutating func end() {
    if part == .quoted { problem = problem ?? .openQuote }
    if part != .start || !value.isEmpty || !values.isEmpty { endRow() }
  }

  private mutating func endValue() {
    values.append(String(decoding: value, as: UTF8.self))
    (value, part) = ([], .start)
  }

  private mutating func endRow() {
    endValue()
    let isBlank = values.count == 1 && values[0].allSatisfy(\.isWhitespace)
    if !isBlank || problem != nil {
      rows.append(CSVTable.Row(line: firstLine, values: values, problem: problem))
    }
    (values, problem, firstLine) = ([], nil, line)
  }
}

extension CaptionFields.Problem {
  fileprivate static let openQuote = Self(
    text: "has a quotation mark that is not closed",
    remedy: "close it, and write a quotation mark inside a value twice")
  fileprivate static let textAfterQuote = Self(
    text: "has text after a closing quotation mark",
    remedy: "write a quotation mark inside a value twice, and close each value")
}

extension UInt8 {
  fileprivate static let quote = UInt8(ascii: "\"")
  fileprivate static let comma = UInt8(ascii: ",")
  fileprivate static let space = UInt8(ascii: " ")
  fileprivate static let lineFeed = UInt8(ascii: "\n")
  fileprivate static let carriageReturn = UInt8(ascii: "\r")
}

extension String {
  fileprivate var trimmingWhitespace: String {
    let start = drop(while: \.isWhitespace)
    return String(start.reversed().drop(while: \.isWhitespace).reversed())
  }
}
