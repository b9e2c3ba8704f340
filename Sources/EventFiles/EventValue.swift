package import Foundation

/// A value of a step, under a tag: its name, in groups separated by slashes.
package enum EventValue: Sendable, Equatable {
  /// A point of a curve.
  case scalar(_ tag: String, Double)
  /// An RGB picture, encoded as PNG, of a width and height in pixels.
  case image(_ tag: String, png: Data, width: Int, height: Int)
  /// A text in Markdown.
  case text(_ tag: String, markdown: String)

  /// The value as TensorBoard's own writers send it.
  var message: Summary.Value {
    var message = Summary.Value()
    switch self {
    case .scalar(let tag, let value):
      message.tag = tag
      message.simpleValue = Float(value)
    case .image(let tag, let png, let width, let height):
      message.tag = tag
      message.image.width = Int32(width)
      message.image.height = Int32(height)
      message.image.colorspace = 3
      message.image.encodedImageString = png
    case .text(let tag, let markdown):
      message.tag = tag
      message.metadata.pluginData.pluginName = "text"
      message.tensor.dtype = .dtString
      message.tensor.tensorShape = TensorShapeProto()
      message.tensor.stringVal = [Data(markdown.utf8)]
    }
    return message
  }
}
