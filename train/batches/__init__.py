"""From stored images to batches: the validation split, loading onto the device, augmentation and noise."""
