public import Options

/// Which part of an image training sees.
public enum CropChoice: String, ConfigChoice, CaseIterable {
  /// The middle.
  case center
  /// Another one in every epoch.
  case random
}
