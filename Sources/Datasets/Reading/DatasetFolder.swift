import Files
import Foundation

/// The files of one folder by what they are for; lists are sorted by the bytes of the names.
struct DatasetFolder {
  /// Name of the folder in a dataset with images to validate on.
  static let validationName = "held-out"

  /// The folder.
  let url: URL
  /// Images that are read.
  private(set) var images: [String] = []
  /// Masks by the stem of the images that they belong to; the first is used.
  private(set) var masks: [String: [String]] = [:]
  /// Images of formats that are not read.
  private(set) var unsupportedImages: [String] = []
  /// Text files by their name without extension: captions, if an image has the same.
  private(set) var texts: [String: String] = [:]
  /// Whether there is a `metadata.jsonl`.
  private(set) var hasMetadata = false
  /// Captions as other programs name them, which are not read here.
  private(set) var foreignCaptions: [String] = []
  /// Folders.
  private(set) var folders: [String] = []
  /// Links that lead nowhere or in a circle, and may have been meant for folders.
  private(set) var brokenLinks: [String] = []

  /// Lists the folder; hidden files and files of any other kind are no part of the dataset. Throws
  /// `DatasetError.unreadable`.
  init(_ url: URL) throws(DatasetError) {
    self.url = url
    var pictures: [String] = []
    for name in try Self.names(in: url) {
      let isFolder = Self.isFolder(url.appending(path: name, directoryHint: .notDirectory))
      if isFolder == true {
        folders.append(name)
        continue
      }
      switch name.pathExtension.lowercased() {
      case "jpg", "jpeg", "png": pictures.append(name)
      case "txt": texts[name.pathStem] = name
      case "jsonl" where name == CaptionMetadata.fileName: hasMetadata = true
      case "caption", "captions", "cap", "text": foreignCaptions.append(name)
      case "csv", "parquet":
        if ForeignCaptions.names.contains(name) { foreignCaptions.append(name) }
      case "webp", "heic", "heif", "avif", "bmp", "gif", "tif", "tiff", "jxl", "jp2":
        unsupportedImages.append(name)
      default: if isFolder == nil { brokenLinks.append(name) }
      }
    }
    sort(pictures)
  }

  /// Tells masks from the images that they belong to.
  private mutating func sort(_ pictures: [String]) {
    let stems = Set(pictures.map(\.pathStem))
    for name in pictures {
      let owner = name.maskedStem
      if let owner, stems.contains(owner) {
        masks[owner, default: []].append(name)
      } else {
        images.append(name)
      }
    }
  }

  /// nil when there is nothing at the path; links are followed.
  static func isFolder(_ url: URL) -> Bool? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      return nil
    }
    return isFolder.boolValue
  }

  /// What is in a folder but hidden, sorted.
  static func names(in folder: URL) throws(DatasetError) -> [String] {
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
  /// `dog.` for `dog.jpg`: without its extension.
  var pathStem: String { String(dropLast(pathExtension.count)) }

  /// What follows the last dot; empty when there is none.
  var pathExtension: String {
    lastIndex(of: ".").map { String(self[index(after: $0)...]) } ?? ""
  }

  /// `dog.` for `dog-mask.png` and OneTrainer's `dog-masklabel.png`.
  fileprivate var maskedStem: String? {
    for ending in ["-mask.png", "-masklabel.png"] where lowercased().hasSuffix(ending) {
      return dropLast(ending.count) + "."
    }
    return nil
  }
}
