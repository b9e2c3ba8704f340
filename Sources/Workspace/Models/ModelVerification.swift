import Files
import Foundation
import StableDiffusion

/// Whether the files of an installed model are as they were downloaded.
package struct ModelVerification: Sendable, Encodable {
  /// What was compared.
  package enum Depth: String, Sendable, Encodable {
    /// The SHA-256 of every file.
    case hashes
    /// Names and shapes of the weights: the model has no manifest.
    case structure
  }

  package let name: String
  package let path: String
  package let depth: Depth
  /// The number of files that were read.
  package let files: Int
  /// Sentences; none for a model without problems.
  package let problems: [String]

  /// Verifies a model. `reading` is called with each file before it is read.
  package init(_ model: InstalledModel, reading: (_ path: String) throws -> Void) rethrows {
    name = model.name
    path = model.url.relativePath
    guard let manifest = model.manifest else {
      depth = .structure
      files = 0
      problems = Self.structure(of: model)
      return
    }
    depth = .hashes
    files = manifest.files.count
    var problems: [String] = []
    for (path, entry) in manifest.files.sorted(by: { $0.key < $1.key }) {
      try reading(path)
      if let problem = Self.problem(entry, at: model.url.appending(path: path)) {
        problems.append(problem)
      }
    }
    self.problems = problems
  }

  private static func structure(of model: InstalledModel) -> [String] {
    do {
      try model.kind.check(model.url)
      return []
    } catch {
      return ["\(error)"]
    }
  }

  private static func problem(_ entry: ModelManifest.Entry, at file: URL) -> String? {
    let path = file.relativePath
    let advice = "remove the model and pull it again."
    guard DurableFile.exists(file) else { return "\(path) does not exist; \(advice)" }
    let size = InstalledModel.bytes(file)
    guard size == entry.size else {
      return "\(path) has \(size) bytes instead of \(entry.size); \(advice)"
    }
    do {
      let hash = try ContentHash.of(fileAt: file)
      return hash == entry.sha256
        ? nil : "\(path) has another hash than it was pulled with; \(advice)"
    } catch {
      return "\(error)"
    }
  }
}
