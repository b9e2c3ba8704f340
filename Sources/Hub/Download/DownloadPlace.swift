import Foundation

/// A file, and what of it is there already.
struct DownloadPlace: Sendable {
  let file: RepositoryFile
  let destination: URL
  /// Whether a file of the right size is in place.
  let isPresent: Bool
  let cached: URL?
  /// Bytes to download.
  let missing: Int

  init(_ file: RepositoryFile, of listing: RepositoryListing, in folder: URL, cache: URL) {
    self.file = file
    destination = folder.appending(path: file.path)
    isPresent = RunningDigest.size(of: destination) == file.size
    cached =
      isPresent
      ? nil : HubCache(of: listing.repository, in: cache).file(file, commit: listing.commit)
    missing =
      isPresent || cached != nil
      ? 0 : file.size - PartialFile.length(of: file, for: destination)
  }
}
