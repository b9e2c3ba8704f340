import Foundation
import Options
import Training

/// A recipe for the form of a new run.
package struct TrainingRecipe: Sendable {
  package let name: String
  /// What it is for, in one or two sentences.
  package let help: String
  /// The options by their keys.
  package let values: [(key: String, value: String)]

  /// The recipes of a project, the usual one first. Throws `ConfigError`.
  ///
  /// - Parameter configs: The project's folder of configurations.
  static func all(in configs: URL) throws -> [TrainingRecipe] {
    try Recipe.all(in: configs).map { recipe in
      let config = try recipe.layers().resolve(
        unchecked: [TrainingConfig.schema.key(of: \.$subject)])
      let changes = config.differences(from: TrainingConfig.schema.defaults)
      return TrainingRecipe(
        name: recipe.name, help: recipe.help, values: changes.map { ($0.key, text("\($0.new)")) })
    }
  }

  /// The value as a form has it: a list one a line.
  private static func text(_ value: String) -> String {
    guard value.hasPrefix("["), value.hasSuffix("]") else { return value }
    return value.dropFirst().dropLast().split(separator: ", ").joined(separator: "\n")
  }
}

extension SubjectLibrary {
  /// The recipes that a training can start from. Throws `ConfigError`.
  package func recipes() throws -> [TrainingRecipe] {
    try TrainingRecipe.all(in: home.appending(path: "Configs"))
  }
}
