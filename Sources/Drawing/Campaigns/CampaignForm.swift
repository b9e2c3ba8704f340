import Files
package import Foundation
import Options
import Yams

/// A campaign's template as the fields of a form: the texts of its file, without comments.
package struct CampaignForm: Codable, Sendable, Equatable {
  /// A placeholder and its entries.
  package struct List: Codable, Sendable, Equatable {
    package var name: String
    /// Texts, or entries with options in braces as in the file: `{text: ", left", guidance: 4}`.
    package var entries: [String]

    package init(name: String, entries: [String]) {
      self.name = name
      self.entries = entries
    }
  }

  package var prompt: String
  package var lists: [List]
  package var seeds: [String]
  package var strengths: [String]
  /// Options of the pictures by their keys, such as `steps`.
  package var options: [String: String]

  private enum CodingKeys: String, CodingKey { case prompt, lists, seeds, strengths, options }

  /// A form with only a prompt.
  package init(prompt: String) {
    self.prompt = prompt
    lists = []
    seeds = ["1"]
    strengths = []
    options = [:]
  }

  /// Reads a template's file. Throws `ConfigError`, `CampaignError` for one that cannot be drawn.
  package init(contentsOf url: URL) throws {
    let template = try CampaignTemplate(contentsOf: url)
    let yaml = try ConfigFile(contentsOf: url, keys: CampaignKeys.all, isOpen: true, isGiven: true)
    func texts(_ node: Node?) throws -> [String] {
      guard let node, !node.isNull else { return [] }
      return try (node.sequence.map(Array.init) ?? [node]).map(Self.text)
    }
    prompt = yaml.values["prompt"]?.scalar?.string ?? ""
    lists = try template.lists.map {
      List(name: $0.name, entries: try texts(yaml.values[$0.name]))
    }
    seeds = try texts(yaml.values["seeds"])
    strengths = try texts(yaml.values["strengths"])
    options = yaml.values.reduce(into: [:]) { options, entry in
      guard CampaignKeys.all.contains(entry.key), !entry.value.isNull else { return }
      options[entry.key] = entry.value.scalar?.string ?? entry.value.summary
    }
  }

  /// The template's file.
  package var yaml: String {
    var lines = ["prompt: \(prompt.yaml)"]
    for list in lists {
      lines.append("\(list.name):")
      lines += list.entries.map { "  - \($0.hasPrefix("{") ? $0 : $0.yaml)" }
    }
    if !seeds.isEmpty { lines.append("seeds: [\(seeds.joined(separator: ", "))]") }
    if !strengths.isEmpty { lines.append("strengths: [\(strengths.joined(separator: ", "))]") }
    let texts = DrawingOptions.schema.options.filter { $0.kind == .text }.map(\.key)
    for (key, value) in options.sorted(by: { $0.key < $1.key }) {
      lines.append("\(key): \(texts.contains(key) ? value.yaml : value)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Writes the template's file, after it has been read as one. Throws `ConfigError`, `CampaignError`,
  /// `FileAccessError`. Then the file is as before.
  package func write(to url: URL) throws {
    if let empty = lists.first(where: \.entries.isEmpty) {
      throw CampaignError.noEntry(empty.name)
    }
    _ = try CampaignTemplate(yaml: yaml, name: url.relativePath)
    try DurableFile.replace(url, with: Data(yaml.utf8))
  }

  /// The options that a form can set.
  package static var optionKeys: [String] { CampaignKeys.all }

  /// An entry as its file has it, in one line.
  private static func text(_ node: Node) throws -> String {
    if let text = node.scalar?.string {
      // A line of a form has no room for these.
      let isPlain =
        !text.isEmpty && !text.contains("\n") && !text.hasPrefix("{")
        && text.first?.isWhitespace == false && text.last?.isWhitespace == false
      return isPlain ? text : "{text: \(text.isEmpty ? "\"\"" : text.yaml)}"
    }
    guard var mapping = node.mapping else { return node.summary }
    mapping.style = .flow
    return try Yams.serialize(node: .mapping(mapping), width: -1)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
