package import Datasets
import Files
package import Foundation
package import Options
package import Training

/// The subjects of a folder: its datasets in `Datasets`, and their configurations in `Configs`.
package struct SubjectLibrary: Sendable {
  /// A subject in a list.
  package struct Entry: Sendable {
    package let name: String
    /// The number of images; nil if the dataset cannot be read.
    package let images: Int?
    /// Why it cannot be read, one sentence.
    package let problem: String?
  }

  package let project: ProjectFolder
  /// The folder with `Datasets` and `Configs`.
  package let home: URL

  package init(_ project: ProjectFolder, home: URL) {
    self.project = project
    self.home = home
  }

  /// The folder of datasets.
  package var datasets: URL { home.appending(path: "Datasets", directoryHint: .isDirectory) }

  /// The names of all subjects.
  package var names: [String] {
    datasets.entryNames.filter { name in
      !name.hasPrefix(".")
        && FileManager.default.fileExists(atPath: datasets.appending(path: name).path + "/.")
    }.sorted()
  }

  /// All subjects with the number of their images.
  package func entries() -> [Entry] {
    names.map { name in
      do {
        return Entry(name: name, images: try editor(name).images().count, problem: nil)
      } catch {
        return Entry(name: name, images: nil, problem: "\(error)")
      }
    }
  }

  /// The editor of a subject's dataset. Throws `StudioError.noSubject`.
  package func editor(_ name: String) throws(StudioError) -> DatasetEditor {
    guard names.contains(name) else {
      throw .noSubject(name, nearest: nearestName(to: name, in: names))
    }
    return DatasetEditor(
      directory: datasets.appending(path: name, directoryHint: .isDirectory), subject: name)
  }

  /// The configuration of a training of a subject: options over its files and the defaults. Throws
  /// `StudioError.noSubject`, `ConfigError`.
  package func config(
    _ name: String, _ options: OptionOverrides<TrainingConfig> = OptionOverrides()
  ) throws -> TrainingConfig {
    _ = try editor(name)
    var options = options
    options.set(\.$subject, to: name)
    // The studio edits and shows this folder, so it is the one that is trained on.
    options.set(\.$dataset, to: "Datasets/\(name)")
    return try ConfigSources(options, folder: home.appending(path: "Configs")).load().config
  }

  /// What training would see of a subject's dataset. Throws as ``BaseModels/datasetReport(_:)``, and
  /// `StudioError.noSubject`.
  package func report(_ name: String) throws -> DatasetReport {
    var config = try config(name)
    config.dataset = datasets.appending(path: name).path
    return try BaseModels(project) { _ in }.datasetReport(config)
  }
}
