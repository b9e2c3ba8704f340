/// What an edit changes in one image.
package struct CaptionChange: Sendable, Equatable {
  /// The name of the image.
  package let image: String
  /// Its captions, one a line.
  package let before: String
  /// The captions after the change, one a line.
  package let after: String

  /// The change of the captions of an image.
  package init(image: String, before: String, after: String) {
    self.image = image
    self.before = before
    self.after = after
  }
}
