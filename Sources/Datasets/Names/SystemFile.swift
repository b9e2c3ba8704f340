/// Files and folders that operating systems, file managers and version control leave in folders.
enum SystemFile {
  /// Whether a name is one of them. They are no part of a dataset, and reports pass over them.
  static func contains(_ name: String) -> Bool {
    names.contains(name.lowercased()) || name.hasPrefix("._") || name.hasPrefix(".nfs")
      || name.hasPrefix(".fuse_hidden")
  }

  /// The folder of removed images in a dataset.
  static let trash = ".trash"

  private static let names: Set<String> = [
    ".ds_store", ".localized", ".spotlight-v100", ".trashes", ".fseventsd", ".temporaryitems",
    ".apdisk", "__macosx", "icon\r",
    "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information",
    ".directory", ".thumbnails", trash, ".trash-1000", "lost+found", "@eadir", "#recycle",
    ".picasa.ini",
    ".git", ".gitattributes", ".gitignore", ".gitkeep", ".dvc", ".svn", ".hg", ".cache",
    ".huggingface", ".ipynb_checkpoints", "__pycache__", ".aitk_size.json",
  ]
}
