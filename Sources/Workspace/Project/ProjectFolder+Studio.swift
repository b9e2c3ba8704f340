package import Foundation

/// The files of the studio.
extension ProjectFolder {
  /// The database of the studio's jobs and pictures.
  package var gallery: URL { url.appending(path: "studio.sqlite") }

  /// Held by the process that draws for the studio.
  var studioLock: URL { url.appending(path: "studio.lock") }

  /// The folder of the pictures that the studio has drawn.
  package var pictures: URL { url.appending(path: "pictures") }

  /// The folder of comparisons. Each has a folder with its pictures, `page.json` and `sheet.png`.
  package var comparisons: URL { url.appending(path: "comparisons") }

  /// The folder of campaigns.
  package var campaigns: URL { url.appending(path: "campaigns") }

  /// The folder of adapters that were exported from the page.
  package var exports: URL { url.appending(path: "exports") }

  /// The folder of the output of trainings that the studio has started.
  var logs: URL { url.appending(path: "logs") }

  /// The folder of embeddings that drawings use by their names.
  package var embeddings: URL { url.appending(path: "embeddings") }

  /// The folder of LoRA files of other origin that the studio offers.
  package var adapters: URL { url.appending(path: "loras") }
}
