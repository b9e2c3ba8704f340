import Files
package import Foundation

/// A file in its place.
package struct DownloadedFile: Sendable {
  package let path: String
  package let size: Int
  package let sha256: String
}

extension HubClient {
  /// How many files are downloaded at once.
  private static let width = 4

  /// The files of a repository: on the Hub, or without requests those in huggingface_hub's cache.
  /// Throws `RepositoryError`, `HubError`.
  package func files(
    of repository: RepositoryName, revision: String
  ) async throws -> RepositoryListing {
    guard settings.isOffline else { return try await listing(of: repository, revision: revision) }
    let cache = HubCache(of: repository, in: settings.cache)
    guard let listing = cache.listing(of: repository, revision: revision) else {
      throw HubError.offline(wanted: RequestSubject(repository: repository.description).description)
    }
    return listing
  }

  /// Puts files of a repository into a folder under their paths, several at once. A file that is
  /// already there is kept if its hash is right; one in huggingface_hub's cache is linked. Each file
  /// appears under its name only when its hash is right.
  ///
  /// Throws `DownloadError.noSpace` before it begins, `HubError`, `RepositoryError`, `DownloadError`,
  /// `FileAccessError`, `CancellationError`.
  package func download(
    _ files: [RepositoryFile], of listing: RepositoryListing, to folder: URL,
    progress: @escaping @Sendable (DownloadProgress) -> Void
  ) async throws -> [DownloadedFile] {
    try DurableFile.makeFolder(folder)
    let places = files.map { DownloadPlace($0, of: listing, in: folder, cache: settings.cache) }
    try checkSpace(for: places, in: folder)
    let counter = ProgressCounter(places, report: progress)
    return try await withThrowingTaskGroup(of: DownloadedFile.self) { group in
      var waiting = places.sorted { $0.file.size < $1.file.size }[...]
      for place in waiting.prefix(Self.width) {
        group.addTask { try await self.install(place, of: listing, counter: counter) }
      }
      waiting = waiting.dropFirst(Self.width)
      var done: [DownloadedFile] = []
      while let file = try await group.next() {
        done.append(file)
        if let place = waiting.popFirst() {
          group.addTask { try await self.install(place, of: listing, counter: counter) }
        }
      }
      return done.sorted { $0.path < $1.path }
    }
  }

  private func install(
    _ place: DownloadPlace, of listing: RepositoryListing, counter: ProgressCounter
  ) async throws -> DownloadedFile {
    let file = place.file
    func done(_ sha256: String) -> DownloadedFile {
      counter.set(file.path, to: file.size)
      return DownloadedFile(path: file.path, size: file.size, sha256: sha256)
    }
    try Task.checkCancellation()
    if place.isPresent, let sha256 = RunningDigest.match(file, at: place.destination) {
      return done(sha256)
    }
    if let cached = place.cached, let sha256 = RunningDigest.match(file, at: cached) {
      try HubCache.link(cached, at: place.destination)
      return done(sha256)
    }
    let download = FileDownload(
      client: self, file: file, listing: listing, destination: place.destination,
      received: { counter.set(file.path, to: $0) })
    return done(try await download.run())
  }

  private func checkSpace(for places: [DownloadPlace], in folder: URL) throws {
    let needed = places.map(\.missing).reduce(0, +)
    var status = statvfs()
    guard needed > 0, statvfs(folder.path, &status) == 0 else { return }
    let free = Int(
      clamping: UInt(status.f_bavail).multipliedReportingOverflow(by: UInt(status.f_frsize))
        .partialValue)
    if needed > free {
      throw DownloadError.noSpace(folder: folder.relativePath, needed: needed, free: free)
    }
  }
}
