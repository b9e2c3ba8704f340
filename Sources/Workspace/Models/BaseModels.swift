import Files
import Foundation
import NN
package import StableDiffusion

/// The installed base models.
package struct BaseModels {
  /// The default models, most preferred first.
  package static let standard = ["sdxl", "demo"]

  let folders: [URL]
  /// The folders of embeddings.
  let embeddingFolders: [URL]
  private let report: WorkspaceReport

  /// The models of a project folder and of the standard folder `Checkpoints`.
  package init(_ project: ProjectFolder, report: @escaping WorkspaceReport) {
    let (own, standard) = (project.baseModels, ProjectFolder().baseModels)
    folders = DurableFile.isSame(own, standard) ? [own] : [own, standard]
    embeddingFolders = [project.embeddings, ProjectFolder().embeddings]
    self.report = report
  }

  /// The name of the default model. Reports it if it is not the preferred one. Throws
  /// `BaseModelError.noneInstalled`.
  package func standardName() throws -> String {
    guard let name = Self.standard.first(where: { installed($0) != nil }) else {
      throw BaseModelError.noneInstalled(
        place: folders[0].appending(path: Self.standard[0]).relativePath)
    }
    if name != Self.standard[0] { report(.standardModel(name, preferred: Self.standard[0])) }
    return name
  }

  /// Opens a base model or refiner by installed name or path, and checks names and shapes of all
  /// weights before hours of work. Throws `ModelError`, `WeightsError`, `BaseModelError`.
  package func open(
    _ name: String, as role: ModelDirectory.Role = .base
  ) throws -> ModelDirectory {
    let directory = try ModelDirectory(find(name), as: role)
    try directory.checkWeights()
    return directory
  }

  private func find(_ name: String) throws -> URL {
    if let folder = installed(name), !name.contains("/") { return folder }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: name, isDirectory: &isFolder) else {
      for url in [URL(filePath: name)] + places(name) {
        if let error = FileAccessError.danglingLink(url) { throw error }
      }
      throw BaseModelError.notFound(
        name: name, folder: folders[0].relativePath, installed: names)
    }
    let url = URL(filePath: name)
    guard isFolder.boolValue || url.pathExtension == ModelDirectory.fileExtension else {
      if try Pickle.isPickle(url) { throw WeightsError.pickled(file: name) }
      throw BaseModelError.otherKind(file: name)
    }
    return url
  }

  /// The names of all installed models.
  private var names: [String] { entries.filter { installed($0) != nil } }

  /// The names of everything that may be a model. A folder that describes a single file is none.
  var entries: [String] {
    Set(folders.flatMap(Self.files).map { Self.modelName($0.lastPathComponent) }).sorted()
  }

  /// A sentence on each file or folder in the folders of models that is no model.
  package var others: [String] {
    folders.flatMap(Self.files)
      .filter { ModelManifest(of: $0) == nil && ModelKind(at: $0) == nil }
      .map { url in
        FileAccessError.danglingLink(url)?.description
          ?? "\(url.relativePath) is not listed, because it is neither a diffusers folder nor a "
          + ".\(ModelDirectory.fileExtension) file of a model."
      }
  }

  /// The files and folders in a folder of models, without those that describe a single file.
  private static func files(in folder: URL) -> [URL] {
    let names = folder.entryNames.filter { !$0.hasPrefix(".") }
    let descriptions = names.filter { modelName($0) != $0 }.map { "\(modelName($0)).config" }
    return names.filter { !descriptions.contains($0) }.map { folder.appending(path: $0) }
  }

  /// The downloads of models that are not complete.
  package var downloads: [ModelDownloadFolder] {
    folders.prefix(1).flatMap(ModelDownloadFolder.all)
  }

  /// The name of an installed model: a folder's name, or a file's without its extension.
  private static func modelName(_ entry: String) -> String {
    let url = URL(filePath: entry)
    return url.pathExtension == ModelDirectory.fileExtension
      ? url.deletingPathExtension().lastPathComponent : entry
  }

  private func installed(_ name: String) -> URL? {
    places(name).first(where: ModelDirectory.isModel)
  }

  /// Where a model of this name may be.
  private func places(_ name: String) -> [URL] {
    folders.flatMap { folder in
      [name, "\(name).\(ModelDirectory.fileExtension)"].map { folder.appending(path: $0) }
    }
  }
}
