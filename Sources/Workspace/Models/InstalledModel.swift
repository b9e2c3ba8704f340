import Files
package import Foundation
package import RunLog
package import StableDiffusion

/// A model below `base`: a folder, or a single file.
package struct InstalledModel: Sendable {
  package let name: String
  /// The folder or file.
  package let url: URL
  package let kind: ModelKind
  /// Where it comes from; nil if `models pull` has not installed it.
  package let manifest: ModelManifest?

  /// The model with this name in a folder of models; nil if there is none.
  init?(_ name: String, in folder: URL) {
    guard ModelSource.isValid(name) else { return nil }
    let places = [name, "\(name).\(ModelDirectory.fileExtension)"].map {
      folder.appending(path: $0)
    }
    guard let url = places.first(where: DurableFile.exists) else { return nil }
    let manifest = ModelManifest(of: url)
    guard let kind = manifest?.kind ?? ModelKind(at: url) else { return nil }
    self.name = name
    self.url = url
    self.kind = kind
    self.manifest = manifest
  }

  /// The folder with the configurations of a single file.
  var configurations: URL? {
    let folder = url.deletingPathExtension().appendingPathExtension("config")
    return url.pathExtension == ModelDirectory.fileExtension && DurableFile.exists(folder)
      ? folder : nil
  }

  /// Bytes of all files.
  package var bytes: Int { ([url, configurations].compactMap { $0 }).map(Self.bytes).reduce(0, +) }

  /// The runs that were trained on it.
  package func runs(among runs: [Run]) -> [Run] {
    runs.filter { run in
      run.model == name
        || URL(filePath: run.model).standardizedFileURL.path == url.standardizedFileURL.path
    }
  }

  /// Bytes of a file, or of all files below a folder. Links count as what they lead to.
  static func bytes(_ url: URL) -> Int {
    let files = FileManager.default
    let url = url.resolvingSymlinksInPath()
    let below = files.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []
    return ([url.path] + below.map { url.appending(path: $0).path }).map { path in
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return 0 }
      return Int(status.st_size)
    }.reduce(0, +)
  }
}

extension BaseModels {
  /// All installed models by name: base models, refiners and VAEs.
  package var all: [InstalledModel] { entries.compactMap(found) }

  /// The model with this name. Throws `ModelLibraryError.notInstalled`.
  package func installedModel(_ name: String) throws(ModelLibraryError) -> InstalledModel {
    guard let model = found(name) else {
      throw .notInstalled(name: name, installed: all.map(\.name))
    }
    return model
  }

  /// The path of a VAE that is given by its installed name or by its path.
  package func pathOfVAE(_ name: String) -> String {
    guard !name.contains("/"), let model = found(name) else { return name }
    return model.url.relativePath
  }

  func found(_ name: String) -> InstalledModel? {
    folders.lazy.compactMap { InstalledModel(name, in: $0) }.first
  }
}
