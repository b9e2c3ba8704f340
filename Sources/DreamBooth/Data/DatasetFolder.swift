import Foundation
import NN

/// The files of a dataset folder by what they are for; lists are sorted by the bytes of the names.
struct DatasetFolder {
  /// The folder.
  let url: URL
  /// Images that are read.
  private(set) var images: [String] = []
  /// Images of formats that are not read.
  private(set) var unsupportedImages: [String] = []
  /// Text files by their name without extension: captions, if an image has the same.
  private(set) var texts: [String: String] = [:]
  /// Captions as other programs name them, which are not read here.
  private(set) var foreignCaptions: [String] = []
  /// Folders, which are not read.
  private(set) var folders: [String] = []

  /// Lists the folder; hidden files and files of any other kind are no part of the dataset.
  init(_ url: URL, subject: String) throws(DatasetError) {
    self.url = url
    guard let isFolder = Self.isFolder(url) else {
      let parent = url.standardizedFileURL.deletingLastPathComponent()
      let siblings = Self.isFolder(parent) == true ? try Self.names(in: parent) : []
      throw .noSuchSubject(
        subject, path: url.relativePath,
        existing: siblings.filter { Self.isFolder(parent.appendingPathComponent($0)) == true })
    }
    guard isFolder else { throw .notAFolder(url.relativePath) }
    for name in try Self.names(in: url) {
      if Self.isFolder(url.appendingPathComponent(name)) == true {
        folders.append(name)
        continue
      }
      switch name.pathExtension.lowercased() {
      case "jpg", "jpeg", "png": images.append(name)
      case "txt": texts[name.pathStem] = name
      case "caption", "captions", "cap", "text": foreignCaptions.append(name)
      case "webp", "heic", "heif", "avif", "bmp", "gif", "tif", "tiff", "jxl", "jp2":
        unsupportedImages.append(name)
      default: break
      }
    }
    guard !images.isEmpty else {
      throw .empty(url.relativePath, unsupported: unsupportedImages)
    }
  }

  /// nil when there is nothing at the path; links are followed.
  private static func isFolder(_ url: URL) -> Bool? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      return nil
    }
    return isFolder.boolValue
  }

  private static func names(in folder: URL) throws(DatasetError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder.path)
        .filter { !$0.hasPrefix(".") }
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
      throw .unreadable(folder.relativePath, reason: error.reason)
    }
  }
}

extension String {
  /// `dog.jpg` without its extension.
  var pathStem: String { String(dropLast(pathExtension.count)) }

  /// What follows the last dot; empty when there is none.
  fileprivate var pathExtension: String {
    lastIndex(of: ".").map { String(self[index(after: $0)...]) } ?? ""
  }
}
