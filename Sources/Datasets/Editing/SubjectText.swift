package import Files
import Foundation
import Options
import Yams

/// The text of a `subject.yaml`. Only the lines of an option that changes are changed.
struct SubjectText {
  /// What the text sets.
  let values: SubjectFile

  private let name: String
  private let yaml: ConfigFile
  private let lines: [String]

  /// The whole text.
  var text: String { lines.joined(separator: "\n") }

  /// Reads a text. Throws `ConfigError`, whose sentences name the file `name`.
  init(_ text: String, name: String) throws(ConfigError) {
    self.name = name
    // Scalars, since a line break of Windows is one character.
    lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map { String($0) }
    yaml = try ConfigFile(
      yaml: text, name: name, keys: SubjectFile.keys, foreign: SubjectFile.foreign)
    values = try SubjectFile(yaml)
  }

  /// The text with an option set to a value on one line of YAML; nil: not set.
  ///
  /// Throws `SubjectEditError.byHand` if other lines would change or comments would be lost,
  /// `ConfigError` for a value that is not allowed.
  func setting(
    _ key: SubjectFile.CodingKeys, to value: String?, expecting wanted: SubjectFile
  ) throws -> SubjectText {
    try setting(key, to: value.map { [" \($0)"] }, expecting: wanted)
  }

  /// The text with a list of images to exclude. In a list with one image a line, only the lines of images
  /// that are added or removed change.
  ///
  /// Throws as ``setting(_:to:expecting:)``.
  func excluding(_ images: [String]) throws -> SubjectText {
    var wanted = values
    wanted.exclude = images
    guard let list = yaml.values[SubjectFile.CodingKeys.exclude.rawValue]?.sequence,
      let place = place(of: .exclude)
    else {
      let list = images.map { "  - \($0.yaml)" }
      return try setting(.exclude, to: images.isEmpty ? nil : [""] + list, expecting: wanted)
    }
    // Yams gives lists in brackets the same style as others.
    let items = list.map { (name: $0.scalar?.string ?? "", line: ($0.mark?.line ?? 0) - 1) }
    let hasLines = items.allSatisfy { item in
      place.contains(item.line) && lines[item.line].drop { $0 == " " }.first == "-"
    }
    guard hasLines, !items.isEmpty else {
      return try setting(.exclude, to: images.yaml, expecting: wanted)
    }
    let old = Set(items.filter { !images.contains($0.name) }.map(\.line))
    let new = images.filter { image in !items.contains { $0.name == image } }
    let indent = lines[items[0].line].prefix { $0 == " " }
    let kept = place.filter { !old.contains($0) }.map { lines[$0] }
    let edited = kept + new.map { "\(indent)- \($0.yaml)\(lineEnd)" }
    if images.isEmpty { wanted.exclude = nil }
    return try replacing(place, with: edited, of: .exclude, expecting: wanted)
  }

  /// The text with an option set to what follows its colon, on one or more lines.
  private func setting(
    _ key: SubjectFile.CodingKeys, to value: [String]?, expecting wanted: SubjectFile
  ) throws -> SubjectText {
    guard let place = place(of: key) else {
      guard let value else { return self }
      let last = lines.suffix(1).filter { !$0.isEmpty }
      let added = (last + Self.option(key, value, "")).map { $0 + lineEnd } + [""]
      return try replacing(lines.count - 1..<lines.count, with: added, of: key, expecting: wanted)
    }
    let comment = try comment(of: lines[place.lowerBound], key)
    guard !lines[place].dropFirst().contains(where: Self.mayHaveComment) else {
      throw SubjectEditError.byHand(name, key: key.rawValue)
    }
    let option = value == nil && comment.isEmpty ? [] : Self.option(key, value ?? [""], comment)
    return try replacing(
      place, with: option.map { $0 + lineEnd }, of: key, expecting: wanted)
  }

  private static func option(
    _ key: SubjectFile.CodingKeys, _ value: [String], _ comment: String
  ) -> [String] {
    ["\(key.rawValue):\(value[0])\(comment)"] + value.dropFirst()
  }

  /// Replaces lines. Throws unless the result sets what is wanted.
  private func replacing(
    _ place: Range<Int>, with other: [String], of key: SubjectFile.CodingKeys,
    expecting wanted: SubjectFile
  ) throws -> SubjectText {
    var lines = lines
    lines.replaceSubrange(place, with: other)
    let edited: SubjectText
    do throws(ConfigError) {
      edited = try SubjectText(lines.joined(separator: "\n"), name: name)
    } catch {
      if case .invalidValue(key.rawValue, _, _, _) = error, key != .exclude { throw error }
      throw SubjectEditError.byHand(name, key: key.rawValue)
    }
    guard edited.values == wanted else { throw SubjectEditError.byHand(name, key: key.rawValue) }
    return edited
  }
}

/// Places in the text.
extension SubjectText {
  /// What ends a line before its line feed.
  private var lineEnd: String { lines.first?.hasSuffix("\r") == true ? "\r" : "" }

  /// The lines of an option, without the blank lines and comments below it; nil: it is not there.
  private func place(of key: SubjectFile.CodingKeys) -> Range<Int>? {
    guard let line = yaml.lines[key.rawValue], line <= lines.count else { return nil }
    let next = yaml.lines.values.filter { $0 > line }.min() ?? lines.count + 1
    var end = min(next - 1, lines.count)
    while end > line {
      let last = lines[end - 1].trimmingCharacters(in: .whitespaces)
      guard last.isEmpty || last.hasPrefix("#") else { break }
      end -= 1
    }
    return line - 1..<end
  }

  /// The comment at the end of an option's first line, with the space before it.
  private func comment(
    of line: String, _ key: SubjectFile.CodingKeys
  ) throws(SubjectEditError) -> String {
    guard Self.mayHaveComment(line) else { return "" }
    let line = line.hasSuffix("\r") ? String(line.dropLast()) : line
    guard let whole = Self.parsed(line) else { throw .byHand(name, key: key.rawValue) }
    for index in line.indices where line[index] == "#" {
      let start = line[..<index]
      guard start.last?.isWhitespace == true, Self.parsed(String(start)) == whole else { continue }
      let space = start.reversed().prefix(while: \.isWhitespace).count
      return String(line.suffix(line.distance(from: index, to: line.endIndex) + space))
    }
    return ""
  }

  private static func mayHaveComment(_ line: String) -> Bool {
    line.hasPrefix("#") || line.contains(" #") || line.contains("\t#")
  }

  private static func parsed(_ line: String) -> Node? {
    do {
      return try compose(yaml: line)
    } catch {
      // The line is a part of a value that takes several lines.
      return nil
    }
  }
}

/// A `subject.yaml` that cannot be changed.
package enum SubjectEditError: ReportableError, Equatable {
  /// The file is written so that a change would lose something.
  case byHand(String, key: String)
  /// A text would have several lines or control characters.
  case lineBreak(key: String)

  /// The kind of error.
  package var kind: ErrorKind {
    switch self {
    case .byHand, .lineBreak: .usage
    }
  }

  /// One sentence: what was found and what to do.
  package var description: String {
    switch self {
    case .byHand(let file, let key):
      "\(file) sets \(key) in a form that cannot be changed without losing comments or other options; "
        + "change it in a text editor."
    case .lineBreak(let key):
      "The text for \(key) has line breaks or control characters; write it on one line."
    }
  }
}
