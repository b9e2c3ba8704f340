import Files
import Foundation
import Images

/// Reads the folders of a dataset, gives each file its role, and collects the images and the
/// problems of their files.
struct DatasetReader {
  /// Files with problems, by kind of problem.
  struct Findings {
    var uncaptioned: [String] = []
    var emptied: [String] = []
    var misnamed: [Fix] = []
    var namedAsMask: [String] = []
    var sharing: [(images: [String], files: [String])] = []
    var doubleCaptions: [(image: String, text: String)] = []
    var unreadKeys: [(file: String, keys: [String])] = []
    var unreadValues: [(file: String, numbers: [Int])] = []
    var frames: [(image: String, text: String)] = []
    var otherColors: [(profile: String, image: Fix)] = []
    var beyondLimit: [String] = []
  }

  /// A file and the command that fixes it, if there is one.
  typealias Fix = (file: String, command: String?)

  let subject: Subject
  /// Whether the images are used beside the subject's own.
  let isCompanion: Bool
  /// Whether images without a caption have an empty one.
  let emptyCaptions: Bool
  var images: [DatasetImage] = []
  var unusable: [UnusableFile] = []
  var findings = Findings()
  /// Files that are used, or belong to the system.
  var roles: [String: FileRole] = [:]
  /// Files that are not used.
  var unused: [String: (reason: Unused, command: String?)] = [:]
  /// Whether any image has a caption of its own or its folder's.
  var hasCaptions = false
  /// The names of all images, readable or not.
  var names: Set<String> = []
  /// The files of the images that are used or cannot be used, by the images' names.
  var imageFiles: [String: ImageFiles] = [:]

  /// What metadata files give the images, by their paths. Earlier ones override later ones.
  var metadata: [String: [(entry: CaptionMetadata.Entry, source: String)]] = [:]
  /// The metadata files that give an image a caption or a focus point.
  var usedMetadata: Set<String> = []
  /// JSON files that belong to no image and cannot be read.
  var brokenJSON: [UnusableFile] = []
  /// The names of the files that cannot be used.
  var faulty: Set<String> = []
  /// The paths of all images.
  var places: Set<String> = []

  init(subject: Subject, isCompanion: Bool = false, emptyCaptions: Bool = false) {
    self.subject = subject
    self.isCompanion = isCompanion
    self.emptyCaptions = emptyCaptions
  }

  /// Reads the first `limit` images of a folder by name.
  mutating func read(_ folder: ImageFolder, limit: Int = .max) {
    readMetadata(of: folder)
    var files = folder.files
    files.separateMasks { hasMetadataCaption(folder.url(of: $0)) }
    let excluded = files.exclude { subject.excluded.contains(folder.path(of: $0)) }
    var folder = folder
    folder.files = files
    for file in files.system { roles[folder.path(of: file)] = .system }
    if files.hasSubjectFile {
      let isRead = folder.name == nil && !isCompanion
      if isRead { roles[Subject.fileName] = .settings }
      if !isRead { note(Subject.fileName, in: folder, .innerSubject) }
    }
    for (file, reason) in files.unused { note(file, in: folder, reason) }
    for link in files.brokenLinks { note(link, in: folder, .brokenLink) }
    for image in excluded.images { noteExcluded(image, in: folder) }
    for file in excluded.parts { note(file, in: folder, .excludedPart) }
    for image in files.images.prefix(limit) { read(image, in: folder) }
    let others = files.images.dropFirst(limit).map(\.name)
    findings.beyondLimit += folder.paths(of: others)
    places.formUnion(others.map { folder.url(of: $0).standardizedFileURL.path })
    findings.namedAsMask += folder.paths(of: files.masks.namedAsMask)
    for mask in files.masks.orphans { sortOrphan(mask, in: folder) }
    for masks in files.masks.byImage.values {
      roles[folder.path(of: masks[0])] = .mask
      for other in masks.dropFirst() { note(other, in: folder, .otherMask) }
    }
    for file in files.captions.values.joined() where unused[folder.path(of: file)] == nil {
      roles[folder.path(of: file)] = .caption
    }
    for images in files.names.shared {
      let shared = (files.captions[images[0]] ?? []) + (files.masks.byImage[images[0]] ?? [])
      guard !shared.isEmpty else { continue }
      findings.sharing.append((folder.paths(of: images), folder.paths(of: shared)))
    }
  }

  /// Notes an image that is not used. Lines of metadata may still name it.
  private mutating func noteExcluded(_ image: String, in folder: ImageFolder) {
    names.insert(folder.path(of: image))
    places.insert(folder.url(of: image).standardizedFileURL.path)
    note(image, in: folder, .excluded)
  }

  /// A mask without its image is one of its own if metadata has its caption.
  private mutating func sortOrphan(_ mask: String, in folder: ImageFolder) {
    let url = folder.url(of: mask)
    guard hasMetadataCaption(url) else {
      return note(mask, in: folder, .orphanMask)
    }
    guard !subject.excluded.contains(folder.path(of: mask)) else {
      return noteExcluded(mask, in: folder)
    }
    findings.namedAsMask.append(folder.path(of: mask))
    let header = Result { () throws(ImageError) in try ImageDecoder.header(contentsOf: url) }
    read(DatasetFolder.Image(name: mask, header: header), in: folder)
  }

  private func hasMetadataCaption(_ image: URL) -> Bool {
    let lines = metadata[image.standardizedFileURL.path] ?? []
    return lines.contains { !$0.entry.captions.isEmpty }
  }

  private mutating func read(_ image: DatasetFolder.Image, in folder: ImageFolder) {
    let name = folder.path(of: image.name)
    let url = folder.url(of: image.name)
    let place = url.standardizedFileURL.path
    names.insert(name)
    imageFiles[name] = folder.files(of: image.name)
    places.insert(place)
    let lines = metadata[place] ?? []
    guard let (text, header, mask) = parts(of: image, in: folder) else {
      usedMetadata.formUnion(lines.map(\.source))
      return
    }
    let pointed = text.focus == nil ? lines.first { $0.entry.focus != nil } : nil
    if let pointed { usedMetadata.insert(pointed.source) }
    images.append(
      DatasetImage(
        url: url, name: name, size: header.orientedSize,
        captions: captions(of: name, text, lines, folder),
        focus: text.focus ?? pointed?.entry.focus ?? subject.focusByName[name] ?? subject.focus,
        repeats: folder.repeats, mask: mask,
        convertedProfile: header.convertsColors ? header.colorProfile : nil))
    roles[name] = .image
    note(header, of: image.name, in: folder)
  }

  /// What the files of an image contain. nil: one of them cannot be used.
  private mutating func parts(
    of image: DatasetFolder.Image, in folder: ImageFolder
  ) -> (text: ImageText, header: ImageHeader, mask: DatasetImage.Mask?)? {
    let file = image.name
    guard let text = readCaptionFiles(of: file, in: folder) else {
      note(file, in: folder, .sideFault)
      return nil
    }
    let url = folder.url(of: file)
    let found = attempt(folder.path(of: file)) {
      try Self.namingTarget(of: url) { try image.header.get() }
    }
    guard let header = found else { return nil }
    guard let own = folder.files.masks.byImage[file]?.first else {
      return (text, header, header.hasAlpha ? .alpha : nil)
    }
    let mask = folder.url(of: own)
    let size = header.orientedSize
    guard attempt(folder.path(of: own), { try Self.check(mask, isOf: size, as: url) }) != nil else {
      note(file, in: folder, .sideFault)
      return nil
    }
    return (text, header, .file(mask))
  }

  /// Reads the header of an image. Throws `FileAccessError` if the image is a link to something that
  /// does not exist.
  private static func namingTarget(
    of url: URL, _ read: () throws -> ImageHeader
  ) throws -> ImageHeader {
    do {
      return try read()
    } catch let error as ImageError {
      if error.problem == .missing, let link = FileAccessError.danglingLink(url) { throw link }
      throw error
    }
  }

  /// Throws `MaskError` for a mask that does not fit, `ImageError` for one that cannot be read,
  /// `FileAccessError` for a link to something that does not exist.
  private static func check(_ mask: URL, isOf size: PixelSize, as image: URL) throws {
    let found = try namingTarget(of: mask) { try ImageDecoder.header(contentsOf: mask) }
      .orientedSize
    guard found.fits(size) else {
      throw MaskError.otherSize(
        mask: mask.relativePath, size: found, image: image.relativePath, imageSize: size)
    }
  }

  /// Reads a file, or records why it cannot be read.
  mutating func attempt<T>(_ name: String, _ read: () throws -> T) -> T? {
    do {
      return try read()
    } catch {
      // Images may share a caption or a mask.
      if faulty.insert(name).inserted { unusable.append(UnusableFile(name: name, error: error)) }
      return nil
    }
  }
}
