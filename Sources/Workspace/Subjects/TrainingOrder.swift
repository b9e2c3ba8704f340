import Files
import Foundation
package import Options
package import RunLog
package import Training

/// A training as the page and scripts order it: the subject, and training options by their keys.
package struct TrainingOrder: Sendable {
  /// The field of the subject.
  package static let subjectKey = TrainingConfig.schema.key(of: \.$subject)

  package let subject: String
  package let options: OptionOverrides<TrainingConfig>
  private let paths: [(key: String, path: String)]
  private let model: String?

  /// Reads the fields of an order. Throws `StudioError`.
  package init(_ fields: [String: JSONValue]) throws(StudioError) {
    let fields = fields.filter { $0.value != .null }
    guard let subject = try fields[Self.subjectKey]?.orderText(of: Self.subjectKey) else {
      throw .otherType(Self.subjectKey, allowed: "the name of a subject")
    }
    self.subject = subject
    options = try OptionOverrides(
      fields, besides: [Self.subjectKey], refusing: Self.refused)
    var paths: [(String, String)] = []
    for key in Self.pathKeys {
      if let path = try fields[key]?.orderText(of: key) { paths.append((key, path)) }
    }
    self.paths = paths
    model = try fields[Self.modelKey]?.orderText(of: Self.modelKey)
  }

  /// The options that an order may set.
  package static func isAllowed(_ option: OptionEntry) -> Bool {
    option.key != subjectKey && !refused.contains(option.key)
  }

  /// The configuration. Throws `StudioError`, `ConfigError`.
  package func config(in library: SubjectLibrary) throws -> TrainingConfig {
    for (key, path) in paths {
      let parts = path.split(separator: "/", omittingEmptySubsequences: false)
      guard !path.hasPrefix("/"), !path.hasPrefix("~"), !parts.contains("..") else {
        throw StudioError.pathOutside(key, found: path)
      }
    }
    if let model {
      let installed = BaseModels(library.project) { _ in }.all.map(\.name)
      guard installed.contains(model) else {
        throw StudioError.noModel(model, installed: installed)
      }
    }
    return try library.config(subject, options)
  }

  private static let modelKey = TrainingConfig.schema.key(of: \.$model)

  /// The dataset is that of the subject, and the form has the options of a recipe.
  private static let refused: Set = [
    TrainingConfig.schema.key(of: \.$dataset), TrainingConfig.schema.key(of: \.$recipe),
  ]

  private static let pathKeys = [
    TrainingConfig.schema.key(of: \.$initLora), TrainingConfig.schema.key(of: \.$priorFolder),
    TrainingConfig.schema.key(of: \.$validationDataset),
  ]
}

extension ChildProcesses {
  /// Starts a new run with a configuration. Throws `FileAccessError`, `ChildProcessError`.
  package func start(_ config: TrainingConfig) throws -> Started {
    let file = project.logs.appending(path: "\(UUID().uuidString).yaml")
    try DurableFile.replace(file, with: Data(config.yaml.utf8))
    return try start(.train(config: file))
  }
}
