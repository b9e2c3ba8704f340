import Files
package import Foundation
package import Hub
import NN
import StableDiffusion

/// The installation of a model from the Hub.
package struct ModelPull: Sendable {
  /// What a pull has done.
  package enum Outcome: Sendable {
    case installed(URL)
    /// The same revision was installed before.
    case present(URL)

    package var url: URL {
      switch self {
      case .installed(let url), .present(let url): url
      }
    }
  }

  private let source: ModelSource
  private let base: URL

  /// The installation of a model in a project folder.
  package init(_ source: ModelSource, in project: ProjectFolder) {
    self.source = source
    base = project.baseModels
  }

  /// Downloads the files that this program reads of the model, checks them, and gives the folder its
  /// name. A pull that was interrupted continues. Throws `HubError`, `RepositoryError`,
  /// `DownloadError`, `ModelFilesError`, `ModelError`, `WeightsError`, `ModelLibraryError`,
  /// `FileAccessError`, `CancellationError`.
  package func run(
    by client: HubClient, progress: @escaping @Sendable (DownloadProgress) -> Void
  ) async throws -> Outcome {
    let folder = ModelDownloadFolder(source.name, in: base)
    let destination = base.appending(path: source.name)
    if let place = takenPlace { return try await present(at: place, client) }
    let lock = try folder.lock()
    defer { withExtendedLifetime(lock) {} }
    // Another process may have finished in between.
    if let place = takenPlace {
      try DurableFile.remove(folder.url)
      return try await present(at: place, client)
    }
    do {
      try await fill(folder, by: client, progress: progress)
    } catch {
      if Self.isUseless(error) { try DurableFile.remove(folder.url) }
      try folder.removeIfEmpty()
      throw error
    }
    try folder.finish(at: destination)
    return .installed(destination)
  }

  /// Downloads all files, checks that they are a model, and writes the manifest.
  private func fill(
    _ folder: ModelDownloadFolder, by client: HubClient,
    progress: @escaping @Sendable (DownloadProgress) -> Void
  ) async throws {
    let listing = try await client.files(of: source.repository, revision: source.revision)
    let files = try ModelFiles(
      among: listing.files.map(\.path), of: "The repository \(source.repository)",
      variant: source.variant)
    try folder.prune(keeping: Set(files.paths))
    // The small files show first whether it is such a model at all.
    let descriptions = files.descriptions.compactMap(listing.file)
    _ = try await client.download(descriptions, of: listing, to: folder.url) { _ in }
    try files.kind.checkDescription(in: folder.url)
    let installed = try await client.download(
      files.paths.compactMap(listing.file), of: listing, to: folder.url, progress: progress)
    try files.kind.check(folder.url)
    try ModelManifest(
      kind: files.kind, repository: source.repository.description, revision: listing.commit,
      variant: source.variant,
      files: Dictionary(
        uniqueKeysWithValues: installed.map {
          ($0.path, ModelManifest.Entry(size: $0.size, sha256: $0.sha256))
        })
    ).write(to: folder.url)
  }

  /// The folder or file that has the name.
  private var takenPlace: URL? {
    ["", ".\(ModelDirectory.fileExtension)"].map { base.appending(path: source.name + $0) }
      .first(where: DurableFile.exists)
  }

  /// Whether the files can never become a model, however often they are downloaded.
  private static func isUseless(_ error: any Error) -> Bool {
    error is ModelError || error is WeightsError
  }

  /// The model that is there, if it is the one that is wanted.
  private func present(at url: URL, _ client: HubClient) async throws -> Outcome {
    guard let manifest = ModelManifest(of: url),
      manifest.repository == source.repository.description, manifest.variant == source.variant,
      try await isNewest(manifest, client)
    else {
      throw ModelLibraryError.nameTaken(name: source.name, place: url.relativePath)
    }
    return .present(url)
  }

  /// Whether the installed commit is the wanted one. Without requests, every commit counts as that.
  private func isNewest(_ manifest: ModelManifest, _ client: HubClient) async throws -> Bool {
    if manifest.revision == source.revision || client.settings.isOffline { return true }
    let listing = try await client.files(of: source.repository, revision: source.revision)
    return listing.commit == manifest.revision
  }
}
