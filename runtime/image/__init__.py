"""Image processing: conversion, resizing, placement, background, noise, metrics, mosaics."""
