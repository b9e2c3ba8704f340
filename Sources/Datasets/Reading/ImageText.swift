/// What the caption files of an image give it.
struct ImageText {
  /// The captions of the first file that has some.
  private(set) var captions: [String] = []
  /// The first focus point.
  private(set) var focus: FocusPoint?
  /// The extension of the file with the captions, or of the first empty one.
  private(set) var source: String?
  /// The files without text.
  private(set) var emptyFiles: [String] = []

  /// Whether no other file is needed.
  ///
  /// - Parameter emptyCaptions: Whether an empty file is a caption.
  func isComplete(_ emptyCaptions: Bool) -> Bool {
    !captions.isEmpty || emptyCaptions && !emptyFiles.isEmpty
  }

  /// Adds what a file contains. Returns whether the file is empty or gives the image something.
  mutating func add(_ read: CaptionFile, from file: String) -> Bool {
    if read.captions.isEmpty, read.focus != nil, focus != nil { return false }
    if read.isEmpty { emptyFiles.append(file) }
    if source == nil || captions.isEmpty { source = file.pathExtension.lowercased() }
    if captions.isEmpty { captions = read.captions }
    focus = focus ?? read.focus
    return true
  }
}

extension String {
  /// What follows the last slash.
  var lastPathPart: String { split(separator: "/").last.map(String.init) ?? self }
}
