import Files
import Foundation
import Images

/// The files of one folder by their purpose. Lists are sorted by the bytes of the names.
struct DatasetFolder {
  /// An image file and its header, or why it cannot be read.
  struct Image {
    let name: String
    let header: Result<ImageHeader, ImageError>
  }

  /// Names of the folder of validation images in a dataset: the present one, and the former one,
  /// which is still read.
  static let validationNames = ["validation", "held-out"]

  let url: URL
  /// Images that are read.
  private(set) var images: [Image] = []
  /// The masks of the images.
  private(set) var masks = FolderMasks()
  /// Caption files by the name of their image. The first of a list that has text is used.
  private(set) var captions: [String: [String]] = [:]
  /// Files with the captions of several images. Earlier ones override later ones.
  private(set) var metadata: [String] = []
  /// JSON files of no image. They may have the captions of several images.
  private(set) var json: [String] = []
  /// Files that are not used.
  private(set) var unused: [(name: String, reason: Unused)] = []
  /// Whether there is a `subject.yaml`.
  private(set) var hasSubjectFile = false
  /// Files of the operating system and the like.
  private(set) var system: [String] = []
  /// The names of the folders inside, without those of masks.
  private(set) var folders: [String] = []
  /// Broken and circular links, which may be meant as folders.
  private(set) var brokenLinks: [String] = []
  /// The names of the images.
  private(set) var names = ImageNames([])

  /// Files that have the name of an image or of a mask and can be read as an image.
  private var candidates: [Image] = []
  private var sideFiles: [String] = []

  /// Lists the folder. Throws `DatasetError.unreadable`.
  ///
  /// - Parameter imageFolders: The names of folders inside that contain images, whatever their
  ///   names.
  init(_ url: URL, imageFolders: Set<String> = []) throws(DatasetError) {
    self.url = url
    var maskFolders: [String] = []
    for entry in try FolderListing(url).entries {
      let name = entry.name
      if SystemFile.contains(name) {
        system.append(name)
      } else if !entry.isText {
        unused.append((name, .notUTF8))
      } else if entry.kind == .folder {
        let isOfMasks = MaskName.folders.contains(name.lowercased()) && !imageFolders.contains(name)
        if isOfMasks { maskFolders.append(name) } else { folders.append(name) }
      } else {
        sort(entry)
      }
    }
    sortCandidates()
    for folder in maskFolders { try addMasks(of: folder) }
    for name in sideFiles { sortSideFile(name) }
    for name in captions.keys { captions[name]?.sort(by: CaptionFile.precedes) }
    metadata.sort(by: CaptionMetadata.precedes)
  }

  /// Sorts a name that leads to no folder by its form, and by its content if the form is not that of
  /// a side file.
  private mutating func sort(_ entry: FolderListing.Entry) {
    let name = entry.name
    if name == Subject.fileName {
      hasSubjectFile = true
    } else if name.hasPrefix(".") {
      unused.append((name, .hidden))
    } else if entry.kind == .other {
      unused.append((name, .notAFile))
    } else if CaptionFile.endings.contains(name.pathExtension.lowercased())
      || CaptionMetadata.fileNames.contains(name)
    {
      sideFiles.append(name)
    } else if entry.kind == .brokenLink, !ImageName.promisesImage(name) {
      brokenLinks.append(name)
    } else {
      sortByContent(name)
    }
  }

  /// What a file is for, by its content and its name.
  private enum Content {
    /// An image or a mask, or one that cannot be read.
    case image(Image)
    case unused(Unused)
  }

  /// A file is an image by its content. One that is not, and has the name of an image, cannot be
  /// used.
  private func content(of path: String) -> Content {
    let name = path.lastPathPart
    do throws(ImageError) {
      let header = try ImageDecoder.header(
        contentsOf: url.appending(path: path, directoryHint: .notDirectory))
      let isRaw = ImageName.isRaw(name, as: header.format)
      return isRaw ? .unused(.imageFormat) : .image(Image(name: path, header: .success(header)))
    } catch {
      guard !error.problem.isFault(of: name) else {
        return .image(Image(name: path, header: .failure(error)))
      }
      let known = error.problem == .empty ? nil : Unused(name: name)
      return .unused(known ?? Unused(error.problem))
    }
  }

  private mutating func sortByContent(_ name: String) {
    switch content(of: name) {
    case .image(let image): candidates.append(image)
    case .unused(let reason): unused.append((name, reason))
    }
  }

  /// Separates masks from the images that they belong to.
  private mutating func sortCandidates() {
    let captioned = Set(sideFiles.map { $0.fileStem.lowercased() })
    let others = ImageNames(
      candidates.map(\.name).filter { MaskName.owner(of: $0.fileStem) == nil })
    for image in candidates {
      let isCaptioned = [image.name.fileStem, image.name].contains {
        captioned.contains($0.lowercased())
      }
      switch masks.purpose(of: image.name, among: others, isCaptioned: isCaptioned) {
      case .image: images.append(image)
      case .mask: break
      case .unused(let reason): unused.append((image.name, reason))
      }
    }
    names = ImageNames(images.map(\.name))
  }

  /// Makes images of the masks with names such as `mask_dog` and `dog-mask (1)` that have captions in
  /// metadata.
  mutating func separateMasks(_ isCaptioned: (String) -> Bool) {
    let separated = Set(masks.separate(isCaptioned))
    unused.removeAll { separated.contains($0.name) }
    images += candidates.filter { separated.contains($0.name) }
    images.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    names = ImageNames(images.map(\.name))
  }

  /// Takes out the images that are not used. Returns their names, and the captions and masks that
  /// belong to no other image.
  mutating func exclude(_ isExcluded: (String) -> Bool) -> (images: [String], parts: [String]) {
    let excluded = images.map(\.name).filter(isExcluded)
    guard !excluded.isEmpty else { return ([], []) }
    images.removeAll { isExcluded($0.name) }
    names = ImageNames(images.map(\.name))
    let parts = excluded.flatMap { image in
      (captions.removeValue(forKey: image) ?? []) + masks.remove(image)
    }
    let used = Set(captions.values.joined()).union(masks.byImage.values.joined())
    return (excluded, parts.filter { !used.contains($0) })
  }

  /// Adds the masks in a folder. Each has the name of its image.
  private mutating func addMasks(of folder: String) throws(DatasetError) {
    let place = url.appending(path: folder, directoryHint: .isDirectory)
    for entry in try FolderListing(place).entries {
      let path = "\(folder)/\(entry.name)"
      if SystemFile.contains(entry.name) {
        system.append(path)
      } else if let reason = Self.obstacle(to: entry) {
        unused.append((path, reason))
      } else {
        switch content(of: path) {
        case .image:
          masks.add(path, of: FolderMasks.owners(ofMask: entry.name.fileStem, among: names))
        case .unused(let reason): unused.append((path, reason))
        }
      }
    }
  }

  /// Why an entry of a folder of masks is not read, whatever its content; nil: its content decides.
  private static func obstacle(to entry: FolderListing.Entry) -> Unused? {
    if !entry.isText { return .notUTF8 }
    if entry.name.hasPrefix(".") { return .hidden }
    return switch entry.kind {
    case .file: nil
    case .folder: .innerFolder
    case .brokenLink: ImageName.promisesImage(entry.name) ? nil : .brokenLink
    case .other: .notAFile
    }
  }

  /// Sorts a file that has the form of a caption or of a table of captions.
  private mutating func sortSideFile(_ name: String) {
    let owners = names.owners(name.fileStem)
    for owner in Set(owners) { captions[owner, default: []].append(name) }
    guard owners.isEmpty else { return }
    if CaptionMetadata.fileNames.contains(name) {
      metadata.append(name)
    } else if let known = Unused(name: name) {
      unused.append((name, known))
    } else if name.pathExtension.lowercased() == "json" {
      json.append(name)
    } else {
      // A file of no image may be an image under the name of a text.
      switch content(of: name) {
      case .image(let image): images.append(image)
      case .unused(let reason):
        unused.append((name, reason == .empty ? .empty : .orphanCaption))
      }
    }
  }

  /// Whether a path leads to a folder, also over links; nil: it does not exist.
  static func isFolder(_ url: URL) -> Bool? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      return nil
    }
    return isFolder.boolValue
  }

  /// The names of the folders in a folder that are not hidden.
  static func folders(in folder: URL) throws(DatasetError) -> [String] {
    try FolderListing(folder).entries
      .filter { $0.kind == .folder && !$0.name.hasPrefix(".") }.map(\.name)
  }
}
