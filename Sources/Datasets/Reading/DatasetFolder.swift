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
  /// Masks by the name of their image, as paths in this folder. The first of a list is used.
  private(set) var masks: [String: [String]] = [:]
  /// Masks that belong to no image, as paths in this folder.
  private(set) var orphanMasks: [String] = []
  /// Images whose names are those of masks, but that have captions of their own.
  private(set) var namedAsMask: [String] = []
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

  /// A file is an image by its content. One that is not, and has the name of an image, cannot be
  /// used.
  private mutating func sortByContent(_ name: String) {
    let url = url.appending(path: name, directoryHint: .notDirectory)
    do throws(ImageError) {
      let header = try ImageDecoder.header(contentsOf: url)
      if ImageName.isRaw(name, as: header.format) {
        unused.append((name, .imageFormat))
      } else {
        candidates.append(Image(name: name, header: .success(header)))
      }
    } catch {
      if Self.isFault(error.problem, ofImage: ImageName.promisesImage(name)) {
        candidates.append(Image(name: name, header: .failure(error)))
      } else {
        let known = error.problem == .empty ? nil : Unused(name: name)
        unused.append((name, known ?? Unused(error.problem)))
      }
    }
  }

  /// Whether a file that cannot be read as an image is a fault of the dataset: it is meant as an
  /// image by its name, or is one by its content.
  private static func isFault(_ problem: ImageError.Problem, ofImage isNamedSo: Bool) -> Bool {
    switch problem {
    case .tooLarge: true
    case .missing, .unreadable, .empty, .notAnImage, .truncated, .damaged, .fileTooLarge: isNamedSo
    case .notAFile, .notBuiltIn: false
    }
  }

  /// Separates masks from the images that they belong to.
  private mutating func sortCandidates() {
    let captioned = Set(sideFiles.map(\.fileStem))
    func isMask(_ name: String) -> Bool { MaskName.owner(of: name.fileStem) != nil }
    let others = ImageNames(candidates.map(\.name).filter { !isMask($0) })
    for image in candidates {
      let stem = image.name.fileStem
      let possible = MaskName.possibleOwner(of: stem).map(others.owners) ?? []
      if MaskName.isConditioning(stem) {
        unused.append((image.name, .conditioning))
      } else if let owner = MaskName.owner(of: stem) {
        let owners = others.owners(owner)
        if owners.isEmpty, captioned.contains(stem) || captioned.contains(image.name) {
          namedAsMask.append(image.name)
          images.append(image)
        } else {
          addMask(image.name, of: owners)
        }
      } else if !possible.isEmpty {
        addMask(image.name, of: possible)
      } else {
        images.append(image)
      }
    }
    names = ImageNames(images.map(\.name))
  }

  private mutating func addMask(_ path: String, of owners: [String]) {
    if owners.isEmpty { orphanMasks.append(path) }
    for owner in owners { masks[owner, default: []].append(path) }
  }

  /// Adds the masks in a folder. Each has the name of its image.
  private mutating func addMasks(of folder: String) throws(DatasetError) {
    let place = url.appending(path: folder, directoryHint: .isDirectory)
    for entry in try FolderListing(place).entries {
      let path = "\(folder)/\(entry.name)"
      let stem = entry.name.fileStem
      if SystemFile.contains(entry.name) {
        system.append(path)
      } else if entry.kind == .file, entry.isText, ImageName.promisesImage(entry.name) {
        let owners = names.owners(MaskName.owner(of: stem) ?? stem)
        addMask(path, of: owners.isEmpty ? names.owners(stem) : owners)
      } else {
        unused.append(
          (path, entry.isText ? Unused(name: entry.name) ?? .unknown : .notUTF8))
      }
    }
  }

  /// Sorts a file that has the form of a caption or of a table of captions.
  private mutating func sortSideFile(_ name: String) {
    let owners = names.owners(name.fileStem)
    for owner in owners { captions[owner, default: []].append(name) }
    guard owners.isEmpty else { return }
    if CaptionMetadata.fileNames.contains(name) {
      metadata.append(name)
    } else if let known = Unused(name: name) {
      unused.append((name, known))
    } else if name.pathExtension.lowercased() == "json" {
      json.append(name)
    } else {
      // A file of no image may be an image under the name of a text.
      let url = url.appending(path: name, directoryHint: .notDirectory)
      do throws(ImageError) {
        let header = try ImageDecoder.header(contentsOf: url)
        images.append(Image(name: name, header: .success(header)))
      } catch {
        unused.append((name, error.problem == .empty ? .empty : .orphanCaption))
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
