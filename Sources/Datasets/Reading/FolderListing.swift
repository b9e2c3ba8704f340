import Files
import Foundation

/// The names in a folder, with what each leads to.
struct FolderListing {
  /// What a name leads to, also over links.
  enum Kind: Equatable {
    case file
    case folder
    /// A link that leads nowhere or in a circle, or nothing.
    case brokenLink
    /// A device, a pipe or a socket.
    case other

    init(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else {
        self = .brokenLink
        return
      }
      switch status.st_mode & S_IFMT {
      case S_IFREG: self = .file
      case S_IFDIR: self = .folder
      default: self = .other
      }
    }
  }

  struct Entry {
    let name: String
    let kind: Kind
    /// Whether the name is UTF-8. Another name cannot be opened.
    let isText: Bool
  }

  /// The entries, sorted by the bytes of their names.
  let entries: [Entry]

  /// Lists a folder, with its hidden files. Throws `DatasetError.unreadable`.
  init(_ folder: URL) throws(DatasetError) {
    guard let stream = opendir(folder.path) else {
      throw .unreadable(folder.relativePath, reason: systemReason(errno))
    }
    defer { closedir(stream) }
    var entries: [Entry] = []
    errno = 0
    while let item = readdir(stream) {
      let bytes = withUnsafeBytes(of: &item.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      let name = String(decoding: bytes, as: UTF8.self)
      if name != "." && name != ".." {
        let path = folder.appending(path: name, directoryHint: .notDirectory).path
        entries.append(
          Entry(
            name: name, kind: Kind(path), isText: Array(name.utf8) == bytes))
      }
      errno = 0
    }
    guard errno == 0 else {
      throw .unreadable(folder.relativePath, reason: systemReason(errno))
    }
    self.entries = entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}
