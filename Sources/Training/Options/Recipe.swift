import Files
package import Foundation
package import Options

/// A set of training options to start from: a file in `Configs/recipes`, or one that comes with the program.
package struct Recipe: Sendable, Equatable {
  /// What `recipe` is set to.
  package let name: String
  /// A configuration file. Its first comment is what the recipe is for.
  package let yaml: String
  /// The file; nil if the recipe comes with the program.
  package let file: String?

  /// The folder of recipes beside `default.yaml`.
  private static let folder = "recipes"

  /// The recipes of a folder with configurations, and those of the program that it has no file for. Throws
  /// `ConfigError` for a file that cannot be read.
  ///
  /// - Parameter configs: The folder with `default.yaml`.
  package static func all(in configs: URL) throws(ConfigError) -> [Recipe] {
    let folder = configs.appending(path: Self.folder)
    var own: [Recipe] = []
    for name in folder.entryNames.sorted() where name.hasSuffix(".yaml") && !name.hasPrefix(".") {
      let file = folder.appending(path: name)
      let path = file.relativePath.trimmingPrefix("./")
      do {
        own.append(
          Recipe(
            name: String(name.dropLast(5)), yaml: try String(contentsOf: file, encoding: .utf8),
            file: String(path)))
      } catch {
        throw .unreadableFile(String(path), reason: error.reason)
      }
    }
    let names = Set(own.map(\.name))
    let standard = Self.standard.filter { !names.contains($0.name) }
    let order = Self.standard.map(\.name)
    return (own + standard).sorted {
      (order.firstIndex(of: $0.name) ?? order.count, $0.name)
        < (order.firstIndex(of: $1.name) ?? order.count, $1.name)
    }
  }

  /// The recipe of a name. Throws `ConfigError` that lists the names if there is none.
  package static func named(_ name: String, in configs: URL) throws(ConfigError) -> Recipe {
    let all = try Self.all(in: configs)
    if let recipe = all.first(where: { $0.name == name }) { return recipe }
    let names = all.map(\.name)
    throw .invalidValue(
      key: TrainingConfig.schema.key(of: \.$recipe), origin: .builtIn, found: "\"\(name)\"",
      allowed: "\(names.dropLast().joined(separator: ", ")) or \(names[names.count - 1])")
  }

  /// What the recipe is for: the first comment, without its mark.
  package var help: String {
    let comment = yaml.split(separator: "\n").prefix { $0.hasPrefix("#") }
    return comment.map { $0.dropFirst().trimmingPrefix(" ") }.joined(separator: " ")
  }

  /// The options that the recipe sets. Throws `ConfigError`.
  package func layers() throws(ConfigError) -> OptionLayers<TrainingConfig> {
    var layers = OptionLayers<TrainingConfig>()
    try layers.add(yaml: yaml, name: file ?? "the recipe \(name)")
    return layers
  }
}
