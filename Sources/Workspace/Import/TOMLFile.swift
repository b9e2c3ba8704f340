import Files
import Foundation
import TOMLKit

/// A TOML file of sd-scripts: settings with their lines, flat or in groups.
struct TOMLFile {
  /// The file as the user named it.
  let name: String
  private let root: TOMLTable
  private let lines: TOMLLines

  /// Reads a file. Throws `ImportError.missing`, `unreadable`, `malformedTOML`.
  init(contentsOf url: URL) throws(ImportError) {
    let text = try readText(url)
    name = url.relativePath
    let encoded = TOMLStandIns.encode(text)
    if let (line, problem) = TOMLBrackets.error(in: encoded) {
      throw .malformedTOML(name, line: line, problem: problem)
    }
    do {
      root = try TOMLTable(string: encoded)
    } catch let error as TOMLParseError {
      throw .malformedTOML(
        name, line: error.source.begin.line,
        problem: TOMLStandIns.decode(Self.firstLine(error.description)))
    } catch {
      throw .unreadable(name, reason: error.reason)
    }
    lines = TOMLLines(text)
  }

  private static func firstLine(_ text: String) -> String {
    String(text.split(whereSeparator: \.isNewline).first ?? "it cannot be parsed")
  }

  /// Whether the file describes a dataset.
  var isDataset: Bool { root.contains(key: "datasets") }

  /// The settings of the file and of its groups, whose names do not matter.
  func flattened() throws(ImportError) -> [ForeignSetting] {
    var settings: [ForeignSetting] = []
    for (name, value) in Self.entries(of: root) {
      if let group = value.table {
        settings += try self.settings(of: group, at: name)
      } else {
        settings.append(try setting(name, value, at: ""))
      }
    }
    return settings.sorted { lines.number(in: $0.place) < lines.number(in: $1.place) }
  }

  /// The settings of a group; none if it does not exist.
  func group(_ name: String) throws(ImportError) -> [ForeignSetting] {
    guard let value = root[name] else { return [] }
    return try settings(of: table(value.tomlValue, name, at: name), at: name)
  }

  /// The groups `[[datasets]]`, each with its settings and its groups `[[datasets.subsets]]`.
  func datasets() throws(ImportError) -> [(
    settings: [ForeignSetting], subsets: [[ForeignSetting]]
  )] {
    var found: [(settings: [ForeignSetting], subsets: [[ForeignSetting]])] = []
    for (number, dataset) in try tables(root["datasets"], "datasets").enumerated() {
      let path = "datasets.\(number)"
      var subsets: [[ForeignSetting]] = []
      let groups = try tables(dataset["subsets"], "subsets")
      for (index, subset) in groups.enumerated() {
        subsets.append(try settings(of: subset, at: "\(path).subsets.\(index)"))
      }
      let own = try settings(of: dataset, at: path, without: "subsets")
      found.append((own, subsets))
    }
    return found
  }

  /// The groups and settings at the top beside `general` and `datasets`.
  func others() -> [ForeignSetting] {
    Self.entries(of: root).filter { !["general", "datasets"].contains($0.name) }.map {
      name, value in
      ForeignSetting(name: name, value: Self.value(value), place: place(name))
    }
  }

  /// The names and values of a table.
  private static func entries(of table: TOMLTable) -> [(name: String, value: TOMLValue)] {
    table.keys.compactMap { key in
      table[key].map { (TOMLStandIns.decode(key), $0.tomlValue) }
    }
  }

  private func tables(
    _ value: (any TOMLValueConvertible)?, _ name: String
  ) throws(ImportError) -> [TOMLTable] {
    guard let value else { return [] }
    guard let array = value.array else {
      throw .misplaced(name, place: place(name), expected: "a list of groups, [[\(name)]]")
    }
    var found: [TOMLTable] = []
    for element in array { found.append(try table(element.tomlValue, name, at: name)) }
    return found
  }

  private func table(
    _ value: TOMLValue, _ name: String, at path: String
  ) throws(ImportError) -> TOMLTable {
    guard let table = value.table else {
      throw .misplaced(name, place: place(path), expected: "a group, [\(name)]")
    }
    return table
  }

  private func settings(
    of table: TOMLTable, at path: String, without omitted: String? = nil
  ) throws(ImportError) -> [ForeignSetting] {
    var settings: [ForeignSetting] = []
    for (name, value) in Self.entries(of: table) where name != omitted {
      settings.append(try setting(name, value, at: path))
    }
    return settings.sorted { lines.number(in: $0.place) < lines.number(in: $1.place) }
  }

  private func setting(
    _ name: String, _ value: TOMLValue, at path: String
  ) throws(ImportError) -> ForeignSetting {
    let place = place(path.isEmpty ? name : "\(path).\(name)")
    return ForeignSetting(name: name, value: Self.value(value), place: place)
  }

  /// A value. Dates and groups, which no setting has, become their text.
  private static func value(_ value: TOMLValue) -> ForeignValue {
    switch value.type {
    case .bool: .boolean(value.bool ?? false)
    case .int: .integer(value.int ?? 0)
    case .double: .number(value.double ?? 0)
    case .string: .text(TOMLStandIns.decode(value.string ?? ""))
    case .array: .list((value.array ?? []).map { Self.value($0.tomlValue) })
    case .table, .date, .time, .dateTime: .text(TOMLStandIns.decode(value.debugDescription))
    }
  }

  /// `train.toml line 3`
  private func place(_ path: String) -> String {
    lines[path].map { "\(name) line \($0)" } ?? name
  }
}

/// The lines of the settings in a TOML file, which the parser does not keep.
private struct TOMLLines {
  private var lines: [String: Int] = [:]

  init(_ text: String) {
    var path = ""
    var counts: [String: Int] = [:]
    let element = /\s*\[\[\s*([\w.]+)\s*\]\]/
    let table = /\s*\[\s*([\w.]+)\s*\]/
    let setting = /\s*"?([\w-]+)"?\s*=/
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      if let header = line.prefixMatch(of: element) {
        path = Self.element(String(header.1), &counts)
        lines[path] = index + 1
      } else if let header = line.prefixMatch(of: table) {
        path = String(header.1)
        lines[path] = index + 1
      } else if let key = line.prefixMatch(of: setting) {
        let name = path.isEmpty ? String(key.1) : "\(path).\(key.1)"
        lines[name] = lines[name] ?? index + 1
      }
    }
  }

  /// `datasets.0.subsets.1` for the second `[[datasets.subsets]]` of the first dataset.
  private static func element(_ header: String, _ counts: inout [String: Int]) -> String {
    var path = ""
    let parts = header.split(separator: ".")
    for (place, part) in parts.enumerated() {
      path += path.isEmpty ? String(part) : ".\(part)"
      let isLast = place == parts.count - 1
      let count = counts[path, default: isLast ? -1 : 0] + (isLast ? 1 : 0)
      counts[path] = count
      path += ".\(count)"
    }
    return path
  }

  subscript(_ path: String) -> Int? { lines[path] }

  /// For sorting: the line in a place, or the end of the file.
  func number(in place: String) -> Int {
    place.split(separator: " ").last.flatMap { Int($0) } ?? .max
  }
}

/// The text of a file. Throws `ImportError.missing`, `unreadable`.
func readText(_ url: URL) throws(ImportError) -> String {
  let data: Data
  do {
    data = try Data(contentsOf: url)
  } catch CocoaError.fileReadNoSuchFile {
    throw .missing(url.relativePath)
  } catch {
    throw .unreadable(url.relativePath, reason: error.reason)
  }
  guard let text = String(data: data, encoding: .utf8) else {
    throw .unreadable(url.relativePath, reason: "some bytes are not UTF-8")
  }
  return text
}
