import Files
import Foundation
package import RunLog

/// The removal of an installed model or of a download that is not complete.
package struct ModelRemoval {
  /// The models that are part of the project.
  private static let embedded: Set = ["demo", "demo-refiner"]

  private let models: BaseModels
  private let runs: [Run]

  /// - Parameter runs: the runs that may need a model.
  package init(_ models: BaseModels, runs: [Run]) {
    self.models = models
    self.runs = runs
  }

  /// Removes a model and its unfinished download, if there is one. The model loses its name first, so
  /// that no half of it is left to be used. Returns the bytes. Throws `ModelLibraryError`,
  /// `FileAccessError`.
  package func remove(_ name: String, force: Bool) throws -> Int {
    let downloads = models.downloads.filter { $0.name == name }
    let model = downloads.isEmpty ? try models.installedModel(name) : models.found(name)
    if let model, !force { try check(model) }
    var bytes = 0
    for download in downloads {
      let lock = try download.lock()
      bytes += download.bytes
      try DurableFile.remove(download.url)
      withExtendedLifetime(lock) {}
    }
    guard let model else { return bytes }
    bytes += model.bytes
    for place in [model.url, model.configurations].compactMap({ $0 }) {
      let removed = place.deletingLastPathComponent().appending(
        path: ".\(place.lastPathComponent).removed")
      try DurableFile.remove(removed)
      try DurableFile.rename(place, to: removed)
      try DurableFile.remove(removed)
    }
    return bytes
  }

  private func check(_ model: InstalledModel) throws(ModelLibraryError) {
    guard !Self.embedded.contains(model.name) else { throw .embedded(name: model.name) }
    let needing = model.runs(among: runs).filter { $0.status != .finished }
    guard needing.isEmpty else { throw .inUse(name: model.name, runs: needing.map(\.id)) }
  }
}
