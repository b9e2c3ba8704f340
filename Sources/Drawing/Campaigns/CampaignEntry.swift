import Options
import Yams

/// One entry of a campaign's list: a text, or a mapping with `text`, `name` and options for the pictures
/// of this entry.
package struct CampaignEntry: Sendable, Equatable {
  private enum Key: String, CaseIterable, CodingKey { case text, name }

  /// The text that replaces the placeholder.
  package let text: String
  /// The entry's part of file names.
  package let name: String
  let request: DrawingRequest

  /// The entries of a list, with distinct names. Throws `ConfigError`, `CampaignError`.
  static func entries(
    _ nodes: [Node], list: String, file: String, place: String
  ) throws -> [CampaignEntry] {
    let read = try nodes.map { try Self.read($0, list: list, file: file) }
    var texts: Set<String> = []
    for entry in read where !texts.insert(entry.text).inserted {
      throw CampaignError.twice(entry.text, position: "\(place): \(list)")
    }
    var names: Set<String> = []
    return read.enumerated().map { index, entry in
      let slug = slug(entry.name ?? entry.text)
      let base = slug.isEmpty ? "\(index + 1)" : slug
      var name = base
      var number = 1
      while !names.insert(name).inserted {
        number += 1
        name = "\(base)-\(number)"
      }
      return CampaignEntry(text: entry.text, name: name, request: entry.request)
    }
  }

  private struct Read {
    let text: String
    let name: String?
    let request: DrawingRequest
  }

  private static func read(_ node: Node, list: String, file: String) throws -> Read {
    let origin = ConfigOrigin.file(file, line: node.mark?.line)
    if let scalar = node.scalar, !node.isNull {
      return Read(text: scalar.string, name: nil, request: DrawingRequest())
    }
    guard let mapping = node.mapping else {
      throw ConfigError.invalidValue(
        key: list, origin: origin, found: node.summary, allowed: "a list of texts")
    }
    let known = Key.allCases.map(\.rawValue) + CampaignKeys.all
    var values: [String: Node] = [:]
    var lines: [String: Int] = [:]
    for (key, value) in mapping {
      let found = key.scalar?.string ?? key.summary
      guard known.contains(found) else {
        throw ConfigError.unknownKey(
          found, file: file, line: key.mark?.line, foreign: CampaignKeys.foreign(found),
          nearest: nearestName(to: found, in: known), known: known)
      }
      values[found] = value
      lines[found] = key.mark?.line
    }
    func place(_ key: String) -> ConfigOrigin { .file(file, line: lines[key] ?? node.mark?.line) }
    let own = values.filter { Key(rawValue: $0.key) != nil }
    let entry = try decodeOptions(Values.self, from: own, origin: place)
    return Read(
      text: entry.text, name: entry.name,
      request: try CampaignKeys.request(values, origin: place))
  }

  private struct Values: Decodable {
    let text: String
    let name: String?
  }

  /// Letters and digits in lower case, and single dashes for everything else. At most 40 bytes, so that
  /// several fit into a file name.
  private static func slug(_ text: String) -> String {
    var slug = ""
    for character in text.lowercased() {
      let kept = character.isLetter || character.isNumber ? String(character) : "-"
      if kept == "-" && (slug.isEmpty || slug.hasSuffix("-")) { continue }
      if slug.utf8.count + kept.utf8.count > 40 { break }
      slug += kept
    }
    return slug.hasSuffix("-") ? String(slug.dropLast()) : slug
  }
}
